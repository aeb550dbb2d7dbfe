import { z } from 'zod';

/** Targets are named in a file, in requests and on the command line. */
export const TargetName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be 1 to 63 of the characters a-z 0-9 -');

/** What a target holds and may hold; `limit` is `null` where there is none. */
const Use = z.object({ used: z.int().nullable(), limit: z.int().nullable() });

/** One ClickHouse, without its credentials. */
export const TargetView = z.object({
  name: TargetName,
  database: z.string(),
  cluster: z.string().nullable(),
  replicated: z.boolean(),
  access: z.enum(['grants', 'guard']),
  /** False where it did not answer; `tables` and `parts` then have no `used`. */
  reachable: z.boolean(),
  /** Tenants placed on it, whatever their status. */
  tenants: z.int(),
  /** Of the whole server. */
  tables: Use,
  parts: Use,
});
export type TargetView = z.infer<typeof TargetView>;

export const TargetList = z.object({ data: z.array(TargetView) });
export type TargetList = z.infer<typeof TargetList>;
