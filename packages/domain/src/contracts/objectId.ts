import { z } from 'zod';

/** The text of a MongoDB ObjectId, as HyperDX takes it: either case. */
export const ObjectIdText = z.string().regex(/^[a-f0-9]{24}$/i, 'Invalid');

/** Of a route with `:id`. */
export const IdParams = z.object({ id: ObjectIdText });
