import { z } from 'zod';

/** Where the sink says what it has swallowed. */
export const SWALLOWED_PATH = '/swallowed';

/** What was stored so far, by database. */
export const Swallowed = z.record(z.string(), z.object({ rows: z.number(), inserts: z.number() }));
export type Swallowed = z.infer<typeof Swallowed>;
