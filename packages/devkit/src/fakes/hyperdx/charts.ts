import { ObjectId } from 'mongodb';
import { statement, withClickHouse, type Statement } from './clickhouse';
import { firstTeam, type Collections, type Connection, type Source } from './collections';
import { Refusal } from './exchange';

/** Milliseconds since 1970. */
export interface Range {
  from: number;
  to: number;
}

/** What a chart, an alert and a search have in common. */
export interface ChartInput extends Range {
  /** SQL that rows must fulfil; HyperDX makes it of what people type. */
  where?: string | undefined;
  /** Only rows of these services, each a value of its own: the side bar's filter. */
  services?: readonly string[] | undefined;
}

export type Row = Record<string, unknown>;

/** What HyperDX's raw-SQL tiles, alerts and MCP tools send: 2 lets them set `max_execution_time` as well. */
export const RAW_SETTINGS = { max_execution_time: 30, readonly: '2' } as const;

/** An id as text; `undefined` where it is none. */
export const idFrom = (text: string): ObjectId | undefined =>
  /^[a-f0-9]{24}$/.test(text) ? new ObjectId(text) : undefined;

/** A team's source. @throws Refusal where the team has no such one. */
export async function sourceOf(
  { sources }: Collections,
  team: ObjectId,
  id: string,
): Promise<Source> {
  const _id = idFrom(id);
  const source = _id && (await sources.findOne({ _id, team }));
  if (!source) throw new Refusal(404, 'Source not found');
  return source;
}

/** A team's connection, its password included. @throws Refusal where the team has no such one. */
export async function connectionOf(
  { connections }: Collections,
  team: ObjectId,
  id: string,
): Promise<Connection> {
  const _id = idFrom(id);
  const connection = _id && (await connections.findOne({ _id, team }));
  if (!connection) throw new Refusal(404, 'Connection not found');
  return connection;
}

/** Records over time: columns and conditions as the source's document has them, names of tables as parameters. */
export function chartStatement(source: Source, input: ChartInput): Statement {
  const { databaseName, tableName } = source.from;
  const time = { raw: source.timestampValueExpression ?? 'Timestamp' };
  const services = ['Array(String)', input.services ?? []] as const;
  const from = ['Int64', input.from] as const;
  const to = ['Int64', input.to] as const;
  return statement`SELECT count() AS \`__hdx_value\`, ServiceName AS g, toStartOfInterval(toDateTime(${time}), INTERVAL 1 hour) AS \`__hdx_time_bucket\`
FROM ${['Identifier', databaseName]}.${['Identifier', tableName]}
WHERE (${time} >= fromUnixTimestamp64Milli(${from}) AND ${time} <= fromUnixTimestamp64Milli(${to}))
AND (empty(${services}) OR has(${services}, ServiceName)) AND (${{ raw: input.where ?? '1 = 1' }})
GROUP BY g, \`__hdx_time_bucket\` ORDER BY \`__hdx_time_bucket\``;
}

/** Runs a chart over a source of a team, as the external API and the alerts do. */
export async function runChart(
  collections: Collections,
  team: ObjectId,
  sourceId: string,
  input: ChartInput,
): Promise<Row[]> {
  const source = await sourceOf(collections, team, sourceId);
  const connection = await connectionOf(collections, team, source.connection.toHexString());
  // Of the first team, whoever asks: HyperDX's fault, kept.
  const seconds = (await firstTeam(collections))?.queryTimeout ?? 60;
  return withClickHouse(connection, (clickhouse) =>
    clickhouse.rows(chartStatement(source, input), { max_execution_time: seconds }),
  );
}

/** Fills in HyperDX's macros, as far as the stand-in knows them. */
function filledIn(sql: string): string {
  return sql.replace(
    /\$__timeFilter\(([^)]+)\)/g,
    '($1 >= fromUnixTimestamp64Milli({startDateMilliseconds:Int64}) AND $1 <= fromUnixTimestamp64Milli({endDateMilliseconds:Int64}))',
  );
}

/** Runs SQL that somebody wrote, on a connection of a team: raw-SQL tiles and alerts, MCP's `clickstack_sql`. */
export async function runSql(
  collections: Collections,
  team: ObjectId,
  connectionId: string,
  sql: string,
  { from, to }: Range,
): Promise<Row[]> {
  const connection = await connectionOf(collections, team, connectionId);
  const values = { startDateMilliseconds: from, endDateMilliseconds: to };
  return withClickHouse(connection, (clickhouse) =>
    clickhouse.rows({ sql: filledIn(sql), values }, RAW_SETTINGS),
  );
}
