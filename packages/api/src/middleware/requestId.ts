import { randomUUID } from 'node:crypto';

import type { RequestHandler } from 'express';

// What a caller may hand us goes into logs: short, and without anything that could break a line.
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Gives every request an id, a proxy's where it sent one, and names it in the answer. */
export const requestId: RequestHandler = (req, res, next) => {
  const given = req.get('x-request-id');
  const id = given !== undefined && REQUEST_ID.test(given) ? given : randomUUID();
  res.locals['requestId'] = id;
  res.setHeader('x-request-id', id);
  next();
};
