import { randomUUID } from 'node:crypto';

import type { IncomingMessage } from 'node:http';

import type { RequestHandler } from 'express';

// What a caller may hand us goes into logs: short, and without anything that could break a line.
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** A request's id: a proxy's where it sent one, else a new one. */
export function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
}

/** Gives every request an id, and names it in the answer. */
export const requestId: RequestHandler = (req, res, next) => {
  const id = requestIdOf(req);
  res.locals['requestId'] = id;
  res.setHeader('x-request-id', id);
  next();
};
