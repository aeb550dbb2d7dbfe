import { z } from 'zod';

// The contract of HyperDX 2.36. Fields that are not listed are left out, as HyperDX leaves them out: a later release may
// give one of them a second host, which nobody here would have looked at.

/** Of the names of ClickHouse settings that HyperDX adds to a query: `<prefix>_user`. */
const prefix = z.string().regex(/^[A-Za-z0-9_]+$/, 'holds letters, digits and "_" only');

const fields = {
  name: z.string().min(1).max(200),
  /** ClickHouse's HTTP URL. */
  host: z.string().min(1).max(2_048),
  /** May be empty: a Prometheus endpoint has no users. */
  username: z.string().max(512),
  /** Empty and absent mean none where it is made, and the present one where it is changed. */
  password: z.string().max(4_096).nullish(),
  isPrometheusEndpoint: z.boolean().optional(),
};

/** A connection as HyperDX's API takes it, without its id. */
export const ConnectionInput = z.object({
  ...fields,
  hyperdxSettingPrefix: prefix.nullish(),
});

/** The same where one is changed: null and an empty text take the prefix away. */
export const ConnectionChange = z.object({
  ...fields,
  hyperdxSettingPrefix: prefix.or(z.literal('')).nullish(),
});

/** Body of `POST /clickhouse-proxy/test`. */
export const ConnectionTest = z.object({
  host: fields.host,
  username: fields.username.optional(),
  password: fields.password,
});

export type ConnectionInput = z.infer<typeof ConnectionInput>;
export type ConnectionChange = z.infer<typeof ConnectionChange>;
export type ConnectionTest = z.infer<typeof ConnectionTest>;
