import { z } from 'zod';

/** The text of a MongoDB ObjectId, as HyperDX takes it: either case. */
export const ObjectIdText = z.string().regex(/^[a-f0-9]{24}$/i, 'Invalid');

/** The same where our own API takes it: as it is written everywhere, in lower case. */
export const LowerObjectIdText = z
  .string()
  .regex(/^[a-f0-9]{24}$/, 'must be 24 lower-case hexadecimal digits');

/** Of a route with `:id`. */
export const IdParams = z.object({ id: ObjectIdText });
