import { a, database } from '../tenants';

/** A statement of a shape that HyperDX 2.36 sends, about tenant A's tables. */
export interface Shape {
  name: string;
  sql: string;
  /** Values by name; sent as `param_<name>`. */
  values?: Record<string, string>;
  /** Settings beyond {@link hyperdxSettings}. */
  settings?: Record<string, string>;
  /** Where an answer without rows would prove nothing. */
  rows?: RegExp;
}

export const logs = `otel_logs_${a}`;
export const traces = `otel_traces_${a}`;
export const at = { db: database, table: logs };
export const FROM = 'FROM {db:Identifier}.{table:Identifier}';
export const during = `(Timestamp >= fromUnixTimestamp64Milli({from:Int64}) AND Timestamp <= fromUnixTimestamp64Milli({to:Int64}))`;
export const span = { from: '4050000000000', to: '4060000000000' };
export const onLogs = { ...at, ...span };
export const onTraces = { db: database, table: traces, ...span };
export const minutely =
  'toStartOfInterval(toDateTime(Timestamp), INTERVAL 1 minute) AS `__hdx_time_bucket`';
