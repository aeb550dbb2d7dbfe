import { connectionOf } from './charts';
import { withClickHouse } from './clickhouse';
import type { Collections, User } from './collections';
import { fieldsOf, Refusal, sendJson, textOf, type Exchange } from './exchange';

/** Paths below `/v1/prometheus` that query ClickHouse. */
const queries: Readonly<Record<string, string>> = {
  '/v1/prometheus/query': `SELECT tags, timestamp, value FROM prometheusQuery({db:String}, {table:String}, {expr:String}, fromUnixTimestamp64Milli({at:Int64}))`,
  '/v1/prometheus/query_range': `SELECT tags, time_series FROM prometheusQueryRange({db:String}, {table:String}, {expr:String}, fromUnixTimestamp64Milli({from:Int64}), fromUnixTimestamp64Milli({at:Int64}), toIntervalSecond({step:UInt32}))`,
};

/**
 * HyperDX's Prometheus routes, where the connection is a ClickHouse: a table function that names database and table by
 * parameters, on a table engine of its own. Failures are answered in Prometheus' form.
 */
export async function servePrometheus(
  exchange: Exchange,
  collections: Collections,
  user: User,
): Promise<void> {
  const given = { ...Object.fromEntries(exchange.url.searchParams), ...fieldsOf(exchange) };
  try {
    const sql = queries[exchange.url.pathname];
    if (sql === undefined) throw new Refusal(404, 'not found');
    const connection = await connectionOf(collections, user.team, textOf(given['connectionId']));
    const seconds = (name: string): number => Number(given[name] ?? Date.now() / 1_000);
    const values = {
      db: textOf(given['database']) || 'default',
      table: textOf(given['table']),
      expr: textOf(given['query']),
      from: Math.floor(seconds('start') * 1_000),
      at: Math.floor(seconds('end') * 1_000),
      step: Number(given['step'] ?? 60),
    };
    const rows = await withClickHouse(connection, (clickhouse) =>
      clickhouse.rows(
        { sql: `${sql} SETTINGS allow_experimental_time_series_table = 1`, values },
        { max_execution_time: 30, max_result_rows: '100000' },
      ),
    );
    sendJson(exchange, { status: 'success', data: { resultType: 'matrix', result: rows } });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const status = error instanceof Refusal ? error.status : 400;
    sendJson(exchange, { status: 'error', errorType: 'bad_data', error: message }, status);
  }
}
