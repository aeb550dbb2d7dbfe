import { Types } from 'mongoose';

import { createSource } from '../controllers/sources';
import { useServer } from '../fixtures';
import Source from '../models/source';
import { Browser } from './browser';
import type { Seen } from './browser';
import { makeTenant, startTeamApp } from './teamApp';
import type { MadeTenant, TeamApp } from './teamApp';

const { engines, server } = useServer();

let a: MadeTenant;
let b: MadeTenant;
let app: TeamApp;
let browserOfA: Browser;

beforeAll(async () => {
  a = await makeTenant(server, 'A');
  b = await makeTenant(server, 'B');
  app = await startTeamApp(server.config);
  browserOfA = await app.signIn(a.user);
}, 60_000);

afterAll(() => app.stop());

const NOBODYS_ID = 'f'.repeat(24);

const logSource = (tableName = 'otel_logs', more: object = {}) => ({
  kind: 'log',
  name: 'Mine',
  connection: a.connection,
  from: { databaseName: engines.clickhouse.database, tableName },
  timestampValueExpression: 'Timestamp',
  defaultTableSelectExpression: 'Timestamp,Body',
  ...more,
});
const base = (): Record<string, unknown> => ({
  name: 'Of a kind',
  connection: a.connection,
  from: { databaseName: engines.clickhouse.database, tableName: 'otel_traces' },
  timestampValueExpression: 'Timestamp',
});

async function sourceIdOf(team: string, kind: string): Promise<string> {
  return String((await Source.findOne({ team, kind }).lean())?._id);
}

describe('createSource', () => {
  it("appends the tenant's suffix to every table and keeps what it does not know", async () => {
    const source = await createSource(
      a.team,
      logSource('otel_logs', {
        newFieldOfHyperDX: { deep: [1] },
        metadataMaterializedViews: {
          kvRollupTable: 'otel_logs_kv_rollup_15m',
          granularity: '15 minute',
        },
      }),
      app.context,
    );
    const stored = await Source.findById(source._id).lean();
    expect(stored).toMatchObject({
      from: {
        databaseName: engines.clickhouse.database,
        tableName: `otel_logs_${a.tenant}`,
      },
      metadataMaterializedViews: { kvRollupTable: `otel_logs_kv_rollup_15m_${a.tenant}` },
      newFieldOfHyperDX: { deep: [1] },
    });
    expect(String(stored?.team)).toBe(a.team);
  });

  it.each(['_doc', 'isNew', 'toObject', 'save', 'validate', 'markModified', 'on', 'collection'])(
    'takes %s for a field like any other, not for a part of what stores it',
    async (field) => {
      const value = { team: b.team, connection: b.connection };
      const before = await Source.countDocuments({ team: b.team });
      const { _id } = await createSource(a.team, logSource('t', { [field]: value }), app.context);
      expect((await Source.findById(_id).lean())![field]).toEqual(value);
      expect((await Source.findById(_id).lean())!.team.toHexString()).toBe(a.team);
      expect(await Source.countDocuments({ team: b.team })).toBe(before);
    },
  );

  it.each([NOBODYS_ID, 'no id'])('refuses a team that is not there: %s', async (team) => {
    await expect(createSource(team, logSource(), app.context)).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it('refuses nothing at all', async () => {
    await expect(createSource(a.team, undefined, app.context)).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('body') as string,
    });
  });
});

/** A way to call the routes, and how each of them words its answers. */
interface Api {
  list(): Promise<Record<string, unknown>[]>;
  post(body: unknown): Promise<Seen>;
  put(id: string, body: unknown): Promise<Seen>;
  delete(id: string): Promise<Seen>;
  created(answer: Seen): Record<string, unknown>;
}

const apis: Record<string, () => Api> = {
  '/sources': () => ({
    list: async () =>
      (await browserOfA.request('GET', '/sources')).json as Record<string, unknown>[],
    post: (json) => browserOfA.request('POST', '/sources', { json }),
    put: (id, json) => browserOfA.request('PUT', `/sources/${id}`, { json }),
    delete: (id) => browserOfA.request('DELETE', `/sources/${id}`),
    created: ({ json }) => json as Record<string, unknown>,
  }),
  '/api/v2/sources': () => {
    const call = (method: string, path: string, json?: unknown) =>
      app.external(a.user.accessKey, method, `/sources${path}`, json);
    return {
      list: async () => ((await call('GET', '/')).json as { data: Record<string, unknown>[] }).data,
      post: (json) => call('POST', '/', json),
      put: (id, json) => call('PUT', `/${id}`, json),
      delete: (id) => call('DELETE', `/${id}`),
      created: ({ json }) => (json as { data: Record<string, unknown> }).data,
    };
  },
};

describe.each(Object.keys(apis))('%s', (name) => {
  const api = (): Api => apis[name]!();

  it("lists the team's own sources and no other's", async () => {
    const listed = await api().list();
    const own = await Source.find({ team: a.team }).lean();
    expect(listed.map(({ id }) => id).sort()).toEqual(own.map(({ _id }) => String(_id)).sort());
    expect(JSON.stringify(listed)).not.toContain(b.tenant);
  });

  it.each<[string, () => object]>([
    ['log', () => logSource()],
    [
      'trace',
      () => ({
        ...base(),
        kind: 'trace',
        defaultTableSelectExpression: 'SpanName',
        durationExpression: 'Duration',
        traceIdExpression: 'TraceId',
        spanIdExpression: 'SpanId',
        parentSpanIdExpression: 'ParentSpanId',
        spanNameExpression: 'SpanName',
        spanKindExpression: 'SpanKind',
      }),
    ],
    [
      'metric',
      () => ({
        ...base(),
        kind: 'metric',
        from: { databaseName: engines.clickhouse.database, tableName: '' },
        metricTables: { gauge: 'otel_metrics_gauge' },
        resourceAttributesExpression: 'ResourceAttributes',
      }),
    ],
    ['promql', () => ({ ...base(), kind: 'promql' })],
  ])('makes a %s source with suffixed tables', async (kind, body) => {
    const answer = await api().post(body());
    expect(answer.status).toBe(200);
    const created = api().created(answer);
    expect(created).toMatchObject({ kind, connection: a.connection });
    const stored = await Source.findById(created['id']).lean();
    expect(String(stored?.team)).toBe(a.team);
    const suffix = new RegExp(`_${a.tenant}"`, 'g');
    expect(JSON.stringify(stored).match(suffix)).toHaveLength(1);
  });

  it('makes a session source of the trace source of the team', async () => {
    const traceSourceId = await sourceIdOf(a.team, 'trace');
    const answer = await api().post({ ...base(), kind: 'session', traceSourceId });
    expect(api().created(answer)).toMatchObject({ kind: 'session', traceSourceId });
  });

  it('takes what it has sent, and the suffix stays one', async () => {
    const created = api().created(await api().post(logSource('otel_logs', { new: [1] })));
    const { status } = await api().put(String(created['id']), created);
    expect(status).toBe(200);
    const stored = await Source.findById(created['id']).lean();
    expect(stored).toMatchObject({ from: { tableName: `otel_logs_${a.tenant}` }, new: [1] });
  });

  it('replaces: what is left out is gone, id, owner and time of making stay', async () => {
    const made = api().created(
      await api().post(logSource('otel_logs', { bodyExpression: 'Body' })),
    );
    const id = String(made['id']);
    const before = await Source.findById(id).lean();
    const metric = {
      ...base(),
      kind: 'metric',
      name: 'Other',
      metricTables: { sum: 'otel_metrics_sum' },
      resourceAttributesExpression: 'ResourceAttributes',
    };
    expect((await api().put(id, { ...metric, _id: NOBODYS_ID, team: b.team })).status).toBe(200);
    const after = await Source.findById(id).lean();
    expect(after).toMatchObject({
      name: 'Other',
      metricTables: { sum: `otel_metrics_sum_${a.tenant}` },
      createdAt: before?.createdAt,
    });
    expect(after).not.toHaveProperty('bodyExpression');
    expect(after?.connection).toBeInstanceOf(Types.ObjectId);
    expect(String(after?.team)).toBe(a.team);
  });

  it('lets nobody choose id or owner', async () => {
    const body = logSource('otel_logs', { _id: NOBODYS_ID, id: NOBODYS_ID, team: b.team });
    const created = api().created(await api().post(body));
    expect(created['id']).not.toBe(NOBODYS_ID);
    const stored = await Source.findById(created['id']).lean();
    expect(String(stored?.team)).toBe(a.team);
  });

  it.each<[string, () => object, number, string]>([
    ["another tenant's table", () => logSource(`otel_logs_${b.tenant}`), 403, 'from.tableName'],
    [
      "another tenant's table in a field that nobody knows",
      () => logSource('otel_logs', { newTable: { of: [`x_${b.tenant}`] } }),
      403,
      'newTable.of[0]',
    ],
    [
      "another tenant's table in an expression",
      () => logSource('otel_logs', { bodyExpression: `(SELECT Body FROM otel_logs_${b.tenant})` }),
      403,
      'bodyExpression',
    ],
    [
      'another database',
      () => logSource('otel_logs', { from: { databaseName: 'system', tableName: 'tables' } }),
      403,
      'from.databaseName',
    ],
    [
      'a path into the document for a field',
      () => logSource('otel_logs', { 'from.tableName': 'otel_logs' }),
      400,
      'from.tableName',
    ],
    [
      'an operator for a field',
      () => logSource('otel_logs', { $set: { team: b.team } }),
      400,
      '$set',
    ],
    [
      "another team's connection",
      () => logSource('x', { connection: b.connection }),
      400,
      'connection',
    ],
    ['a connection that is none', () => logSource('x', { connection: 'mine' }), 400, 'connection'],
    [
      'an operator for a connection',
      () => logSource('x', { connection: { $ne: null } }),
      400,
      'connection',
    ],
    [
      'a source that is none',
      () => logSource('x', { traceSourceId: NOBODYS_ID }),
      400,
      'traceSourceId',
    ],
    ['a table with a quote', () => logSource('x`; DROP TABLE y'), 400, 'from.tableName'],
    ['an unknown kind', () => logSource('x', { kind: 'odd' }), 400, 'kind'],
    ['a field too few', () => ({ ...logSource(), name: undefined }), 400, 'name'],
  ])('refuses %s, naming the field, on create and on replace', async (_, body, status, field) => {
    const id = await sourceIdOf(a.team, 'log');
    const before = await Source.find().lean();
    for (const answer of [await api().post(body()), await api().put(id, body())]) {
      expect(answer.status).toBe(status);
      expect(answer.text).toContain(field);
      expect(answer.text).not.toContain(b.tenant);
    }
    expect(await Source.find().lean()).toEqual(before);
  });

  it.each(['logSourceId', 'traceSourceId', 'sessionSourceId', 'metricSourceId', 'newSourceId'])(
    "refuses another team's source in %s",
    async (field) => {
      const theirs = await sourceIdOf(b.team, 'log');
      const answer = await api().post(logSource('x', { [field]: theirs }));
      expect([answer.status, answer.json]).toEqual([
        400,
        { code: 'invalid_request', message: `${field}: must be a source of this team.` },
      ]);
    },
  );

  it("knows nothing of another team's source", async () => {
    const id = await sourceIdOf(b.team, 'log');
    const before = await Source.findById(id).lean();
    expect((await api().put(id, logSource())).status).toBe(404);
    await api().delete(id);
    expect(await Source.findById(id).lean()).toEqual(before);
  });

  it('deletes', async () => {
    const made = api().created(await api().post(logSource()));
    const answer = await api().delete(String(made['id']));
    expect(answer.status).toBe(200);
    expect(await Source.exists({ _id: made['id'] })).toBeNull();
  });

  it.each(['PUT', 'DELETE'])('%s refuses what is no id', async (method) => {
    const answer =
      method === 'PUT' ? await api().put('no-id', logSource()) : await api().delete('no-id');
    expect(answer.status).toBe(400);
  });
});

describe('the words of the session routes', () => {
  it('are a list of faults where the request is wrong', async () => {
    const { status, json } = await browserOfA.request('PUT', '/sources/no-id', { json: {} });
    expect(status).toBe(400);
    expect(json).toMatchObject([
      { type: 'Params', errors: { issues: [{ path: ['id'] }] } },
      { type: 'Body', errors: { issues: expect.any(Array) as unknown[] } },
    ]);
  });

  it('are few where there is nothing to say', async () => {
    const gone = await browserOfA.request('PUT', `/sources/${NOBODYS_ID}`, { json: logSource() });
    expect([gone.status, gone.text]).toEqual([404, 'Source not found']);
    const deleted = await browserOfA.request('DELETE', `/sources/${NOBODYS_ID}`);
    expect([deleted.status, deleted.text]).toEqual([200, '']);
    const id = await sourceIdOf(a.team, 'log');
    const replaced = await browserOfA.request('PUT', `/sources/${id}`, { json: logSource() });
    expect([replaced.status, replaced.text]).toEqual([200, '']);
  });

  it('shows documents whole', async () => {
    const { json } = await browserOfA.request('GET', '/sources');
    const [first] = json as Record<string, unknown>[];
    expect(first).toMatchObject({ _id: first?.['id'], team: a.team, connection: a.connection });
    expect(first).toHaveProperty('createdAt');
  });

  it('takes no body that a form of another site could send', async () => {
    const before = await Source.countDocuments();
    const { status } = await browserOfA.request('POST', '/sources', { form: { name: 'x' } });
    expect(status).toBe(400);
    expect(await Source.countDocuments()).toBe(before);
  });

  it('refuses a body that no source has', async () => {
    const json = logSource('otel_logs', { large: 'x'.repeat(1_100_000) });
    expect((await browserOfA.request('POST', '/sources', { json })).status).toBe(413);
  });
});

describe('the words of the external API', () => {
  const call = (method: string, path: string, json?: unknown) =>
    app.external(a.user.accessKey, method, `/sources${path}`, json);

  it('are a message', async () => {
    expect((await call('POST', '/', { kind: 'log' })).json).toMatchObject({
      message: expect.stringMatching(/^Body validation failed: .*name: /) as string,
    });
    expect(await call('GET', `/${NOBODYS_ID}`)).toMatchObject({
      status: 404,
      json: { message: 'Source not found' },
    });
    expect((await call('DELETE', `/${NOBODYS_ID}`)).status).toBe(404);
    expect((await call('GET', '/no-id')).status).toBe(400);
  });

  it('are a source as it shows them, granularities and all', async () => {
    const { json } = await call('POST', '/', {
      ...logSource('otel_logs'),
      metadataMaterializedViews: { kvRollupTable: 'kv', granularity: '15m' },
    });
    const { data } = json as { data: Record<string, unknown> };
    expect(data).toMatchObject({
      metadataMaterializedViews: { kvRollupTable: `kv_${a.tenant}`, granularity: '15m' },
    });
    for (const field of ['_id', 'team', '__v']) expect(data).not.toHaveProperty(field);
    const stored = await Source.findById(data['id']).lean();
    expect(stored?.['metadataMaterializedViews']).toMatchObject({ granularity: '15 minute' });
    expect((await call('GET', `/${String(data['id'])}`)).json).toEqual({ data });
    const deleted = await call('DELETE', `/${String(data['id'])}`);
    expect([deleted.status, deleted.json]).toEqual([200, {}]);
  });

  it('says how many requests are left', async () => {
    const { headers } = await call('GET', '/');
    expect(headers.get('ratelimit-limit')).toBe('100');
    expect(Number(headers.get('ratelimit-remaining'))).toBeLessThan(100);
  });
});

describe('nobody', () => {
  it.each(['/sources', '/connections', '/clickhouse-proxy'])('gets nothing of %s', async (path) => {
    const operator = { headers: { authorization: `Bearer ${server.config.adminToken!}` } };
    for (const options of [{}, operator]) {
      const { status } = await new Browser(app.url).request('GET', path, options);
      expect(status).toBe(401);
    }
  });

  it.each(['/sources', '/connections', '/team'])('gets nothing of /api/v2%s', async (path) => {
    for (const key of ['x', server.config.adminToken!]) {
      const { status, json } = await app.external(key, 'GET', path);
      expect([status, json]).toEqual([401, expect.objectContaining({ code: 'unauthorized' })]);
    }
  });
});
