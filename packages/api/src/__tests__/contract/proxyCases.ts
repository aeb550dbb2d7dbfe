import { faults, message, text } from './expect';
import type { Check } from './expect';
import type { Case } from './play';
import type { Ask } from './send';
import { freshId } from './world';
import type { Side } from './world';

export const CONNECTION_HEADER = 'x-hyperdx-connection-id';

/** A query as HyperDX's UI sends it. */
export function queryAsk(
  { connection }: Pick<Side, 'connection'>,
  sql: string,
  query = 'query_id=1',
): Ask {
  return {
    query,
    raw: { type: 'text/plain;charset=UTF-8', body: sql },
    headers: { [CONNECTION_HEADER]: connection },
  };
}

function multipart(parts: Record<string, string>): string {
  const all = Object.entries(parts).map(
    ([name, value]) =>
      `--cut\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return `${all.join('')}--cut--\r\n`;
}

const logsOf = ({ engines, tenant }: Side): string =>
  `${engines.clickhouse.database}.otel_logs_${tenant}`;

const rows =
  (expected: (side: Side) => unknown): Check =>
  (seen, side) => {
    expect(seen.headers.get('content-type')).toMatch(/^application\/json/);
    expect(seen.json).toMatchObject({ data: expected(side) });
  };

/** An object here, where other routes have an array. */
const headerFault: Check = (seen) =>
  expect(seen.json).toMatchObject({
    type: 'Headers',
    errors: { issues: [{ path: [CONNECTION_HEADER] }] },
  });

async function withRow(side: Side): Promise<void> {
  await side.engines.admin.command({ query: `TRUNCATE TABLE ${logsOf(side)}` });
  await side.engines.admin.command({
    // Now: older rows are past their time.
    query: `INSERT INTO ${logsOf(side)} (Timestamp, Body) SELECT now(), {body:String}`,
    query_params: { body: `of ${side.name}` },
  });
}

export const proxyCases: Case[] = [
  {
    route: 'POST /clickhouse-proxy',
    what: "answers from the tenant's own table",
    ask: async (side) => {
      await withRow(side);
      return queryAsk(side, `SELECT Body FROM ${logsOf(side)} FORMAT JSON`);
    },
    status: 200,
    check: rows(({ name }) => [{ Body: `of ${name}` }]),
  },
  {
    route: 'POST /clickhouse-proxy/:suffix',
    what: 'answers below its path as well, names as parameters',
    ask: (side) => ({
      ...queryAsk(
        side,
        'SELECT count() AS n FROM {db:Identifier}.{t:Identifier} FORMAT JSON',
        `param_db=${side.engines.clickhouse.database}&param_t=otel_logs_${side.tenant}&output_format_json_quote_64bit_integers=1`,
      ),
      params: { suffix: '' },
    }),
    status: 200,
    check: rows(() => [{ n: expect.stringMatching(/^\d+$/) as string }]),
  },
  {
    route: 'POST /clickhouse-proxy',
    what: "lists the tenant's tables and no other's",
    ask: (side) =>
      queryAsk(
        side,
        `SELECT name FROM system.tables WHERE database = '${side.engines.clickhouse.database}' FORMAT JSON`,
      ),
    status: 200,
    check: (seen, side) => {
      const { data } = seen.json as { data: { name: string }[] };
      expect(data.length).toBeGreaterThan(0);
      expect(data.filter(({ name }) => !name.endsWith(`_${side.tenant}`))).toEqual([]);
    },
  },
  {
    route: 'POST /clickhouse-proxy',
    what: 'takes a form with a statement and its parameters',
    ask: ({ connection }) => ({
      query: 'query_id=2',
      raw: {
        type: 'multipart/form-data; boundary=cut',
        body: multipart({ query: 'SELECT {x:String} AS x FORMAT JSON', param_x: 'ä "\\\\" y' }),
      },
      headers: { [CONNECTION_HEADER]: connection },
    }),
    status: 200,
    check: rows(() => [{ x: 'ä "\\" y' }]),
  },
  {
    route: 'POST /clickhouse-proxy',
    what: 'takes a statement for what it is, whatever a client calls its type',
    ask: (side) => {
      const ask = queryAsk(side, 'SELECT 40 + 2 AS n FORMAT JSON');
      return { ...ask, raw: { ...ask.raw!, type: 'application/x-www-form-urlencoded' } };
    },
    status: 200,
    check: rows(() => [{ n: 42 }]),
  },
  {
    route: 'POST /clickhouse-proxy',
    what: "passes ClickHouse's own errors on",
    ask: (side) => queryAsk(side, `SELECT no_such_column FROM ${logsOf(side)} FORMAT JSON`),
    status: 404,
    check: (seen) => {
      expect(seen.headers.get('x-clickhouse-exception-code')).toBe('47');
      expect(seen.text).toMatch(/^Code: 47\. DB::Exception: .*no_such_column/);
    },
  },
  {
    route: 'POST /clickhouse-proxy',
    what: 'knows a connection by its id in capitals too',
    ask: ({ connection }) =>
      queryAsk({ connection: connection.toUpperCase() }, 'SELECT 1 AS n FORMAT JSON'),
    status: 200,
    check: rows(() => [{ n: 1 }]),
  },
  {
    route: 'POST /clickhouse-proxy',
    what: "refuses another tenant's table",
    ask: (side) => queryAsk(side, `SELECT * FROM ${logsOf(side.theirs)} FORMAT JSON`),
    status: 403,
    check: message(/./, 'query_refused'),
    repeats: ({ theirs }) => theirs.tenant,
  },
  {
    route: 'POST /clickhouse-proxy',
    what: 'takes nobody’s word for who they are',
    ask: (side) =>
      queryAsk(
        side,
        'SELECT currentUser() FORMAT JSON',
        `user=${side.engines.clickhouse.user}&password=x`,
      ),
    status: 400,
    check: message(/^user: /),
  },
  ...['nonsense', '', '{"$ne":1}', 'f'.repeat(25)].map((id): Case => ({
    route: 'POST /clickhouse-proxy',
    what: `refuses the connection ${JSON.stringify(id)}`,
    ask: () => queryAsk({ connection: id }, 'SELECT 1'),
    status: 400,
    check: headerFault,
  })),
  {
    route: 'POST /clickhouse-proxy',
    what: 'needs to be told a connection',
    ask: () => ({ raw: { type: 'text/plain', body: 'SELECT 1' } }),
    status: 400,
    check: headerFault,
  },
  {
    route: 'POST /clickhouse-proxy',
    what: 'knows no connection of this id',
    ask: () => queryAsk({ connection: freshId() }, 'SELECT 1'),
    status: 404,
    check: text('Connection not found'),
  },
  {
    route: 'POST /clickhouse-proxy',
    what: "knows no connection of another team's",
    ask: ({ theirs }) => queryAsk(theirs, 'SELECT 1'),
    status: 404,
    check: text('Connection not found'),
  },
  {
    route: 'GET /clickhouse-proxy',
    what: 'reads nothing',
    ask: (side) => ({
      query: 'query=SELECT%201',
      headers: { [CONNECTION_HEADER]: side.connection },
    }),
    status: 405,
    check: (seen) => expect(seen.text).not.toContain('1\n'),
  },
  {
    route: 'POST /clickhouse-proxy/test',
    what: 'is switched off where there are no own connections',
    ask: ({ engines }) => ({
      json: { host: engines.clickhouse.url, username: 'x', password: 'y' },
    }),
    status: 403,
    check: message(/./, 'forbidden'),
  },
];

const FAILED = { success: false, error: expect.any(String) as string };

/** Where tenants may have connections of their own. */
export const proxyTestCases: Case[] = [
  {
    route: 'POST /clickhouse-proxy/test',
    what: 'says that a server answers',
    ask: ({ engines: { clickhouse } }) => ({
      json: { host: clickhouse.url, username: clickhouse.user, password: clickhouse.password },
    }),
    status: 200,
    check: (seen) => expect(seen.json).toEqual({ success: true }),
  },
  ...['http://10.0.0.1:8123', 'http://169.254.169.254/', 'http://localhost.invalid'].map(
    (host): Case => ({
      route: 'POST /clickhouse-proxy/test',
      what: `asks nothing inside: ${host}`,
      ask: () => ({ json: { host, username: 'x', password: '' } }),
      status: 400,
      check: (seen) => expect(seen.json).toEqual(FAILED),
    }),
  ),
  {
    route: 'POST /clickhouse-proxy/test',
    what: 'needs a host',
    ask: () => ({ json: { username: 'x' } }),
    status: 400,
    check: faults({ Body: ['host'] }),
  },
];
