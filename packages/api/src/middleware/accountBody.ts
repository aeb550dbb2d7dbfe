import express from 'express';
import type { RequestHandler } from 'express';

/** A name, an address and two passwords; this leaves room. */
export const ACCOUNT_BODY_LIMIT_BYTES = 32 * 1024;

/** Bodies of what a page of the UI sends: JSON. A form of another site can send none, and counts as no body. */
export const accountJson: RequestHandler = express.json({
  limit: ACCOUNT_BODY_LIMIT_BYTES,
  strict: true,
});

/** Bodies of the public routes about accounts: JSON, and forms as the login page sends them. Another type counts as no body. */
export const accountBody: RequestHandler[] = [
  accountJson,
  express.urlencoded({ limit: ACCOUNT_BODY_LIMIT_BYTES, extended: false, parameterLimit: 20 }),
];
