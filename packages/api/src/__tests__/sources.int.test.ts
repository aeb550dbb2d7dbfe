import { useServer } from '../fixtures';
import { createSource } from '../controllers/sources';
import Connection from '../models/connection';
import Source from '../models/source';

const { server } = useServer();

interface Made {
  tenant: string;
  team: string;
  connection: string;
}

async function make(name: string): Promise<Made> {
  const { json } = await server.request('POST', '/tenancy/v1/tenants', { body: { name } });
  const [team] = json['teams'] as { id: string }[];
  const connection = await Connection.findOne({ team: team?.id }).lean();
  return {
    tenant: String(json['id']),
    team: String(team?.id),
    connection: String(connection?._id),
  };
}

let a: Made;
let b: Made;

beforeAll(async () => {
  a = await make('A');
  b = await make('B');
}, 60_000);

const logSource = (connection: string, tableName: string, more: object = {}) => ({
  kind: 'log',
  name: 'Mine',
  connection,
  from: { databaseName: 'default', tableName },
  timestampValueExpression: 'Timestamp',
  defaultTableSelectExpression: 'Timestamp,Body',
  ...more,
});

describe('createSource', () => {
  it("appends the tenant's suffix to every table and keeps what it does not know", async () => {
    const source = await createSource(
      a.team,
      logSource(a.connection, 'otel_logs', {
        newFieldOfHyperDX: { deep: [1] },
        metadataMaterializedViews: {
          kvRollupTable: 'otel_logs_kv_rollup_15m',
          granularity: '15 minute',
        },
      }),
    );
    const stored = await Source.findById(source._id).lean();
    expect(stored?.['from']).toEqual({
      databaseName: 'default',
      tableName: `otel_logs_${a.tenant}`,
    });
    expect(stored?.['metadataMaterializedViews']).toMatchObject({
      kvRollupTable: `otel_logs_kv_rollup_15m_${a.tenant}`,
    });
    expect(stored?.['newFieldOfHyperDX']).toEqual({ deep: [1] });
    expect(String(stored?.team)).toBe(a.team);
  });

  it('does not append it twice', async () => {
    const source = await createSource(a.team, logSource(a.connection, `otel_logs_${a.tenant}`));
    expect(source['from']).toMatchObject({ tableName: `otel_logs_${a.tenant}` });
  });

  it.each([
    [
      "another tenant's table",
      () => logSource(a.connection, `otel_logs_${b.tenant}`),
      'foreign_table',
      'from.tableName',
    ],
    [
      "another team's connection",
      () => logSource(b.connection, 'otel_logs'),
      'invalid_request',
      'connection',
    ],
    [
      'an operator for a connection',
      () => logSource({ $ne: null } as never, 'otel_logs'),
      'invalid_request',
      'connection',
    ],
    [
      'a table with a quote',
      () => logSource(a.connection, 'x`; DROP TABLE y'),
      'invalid_table_name',
      'from.tableName',
    ],
    [
      'an unknown kind',
      () => logSource(a.connection, 'otel_logs', { kind: 'odd' }),
      'invalid_request',
      'kind',
    ],
    ['nothing', () => undefined, 'invalid_request', 'body'],
  ])('refuses %s and stores nothing', async (_what, data, code, field) => {
    const before = await Source.countDocuments();
    const refusal = createSource(a.team, data());
    await expect(refusal).rejects.toMatchObject({
      code,
      message: expect.stringContaining(field) as string,
    });
    await expect(refusal).rejects.not.toMatchObject({
      message: expect.stringContaining(b.tenant) as string,
    });
    expect(await Source.countDocuments()).toBe(before);
  });

  it('lets nobody choose id or owner', async () => {
    const source = await createSource(
      a.team,
      logSource(a.connection, 'otel_logs', {
        _id: 'f'.repeat(24),
        id: 'f'.repeat(24),
        team: b.team,
      }),
    );
    expect(String(source._id)).not.toBe('f'.repeat(24));
    expect(String(source.team)).toBe(a.team);
  });

  it.each(['f'.repeat(24), 'no id'])('refuses a team that is not there: %s', async (team) => {
    await expect(createSource(team, logSource(a.connection, 'otel_logs'))).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});
