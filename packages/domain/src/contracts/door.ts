import { z } from 'zod';

/** How programs other than HyperDX ask for a tenant's telemetry: ClickHouse's HTTP interface, at the query door. */
export const DoorAccess = z.object({
  /** Of the query door, as HyperDX's API is told of it. */
  url: z.string(),
  /** Of the tenant's tables. */
  database: z.string(),
  /** One for each team of the tenant. They end with the tenant's next rotation. */
  logins: z.array(
    z.object({
      team: z.object({ id: z.string(), name: z.string() }),
      username: z.string(),
      password: z.string(),
    }),
  ),
});
export type DoorAccess = z.infer<typeof DoorAccess>;
