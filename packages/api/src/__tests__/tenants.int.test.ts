import mongoose from 'mongoose';

import { useServer } from '../fixtures';
import Connection from '../models/connection';
import Source from '../models/source';
import Team from '../models/team';
import Tenant from '../models/tenant';

const { engines, server } = useServer();

const post = (body: unknown) => server.request('POST', '/tenancy/v1/tenants', { body });

async function tables(): Promise<string[]> {
  const result = await engines.admin.query({
    query: 'SELECT name FROM system.tables WHERE database = currentDatabase() ORDER BY name',
    format: 'JSONEachRow',
  });
  return (await result.json<{ name: string }>()).map(({ name }) => name);
}

/** All that exists, for comparing before and after a call that must change nothing. */
async function everything(): Promise<unknown> {
  const counts = [Tenant, Team, Connection, Source].map((model) =>
    (model as typeof Tenant).countDocuments(),
  );
  return { tables: await tables(), documents: await Promise.all(counts) };
}

describe('POST /tenancy/v1/tenants', () => {
  it('makes tables, team, connection and sources of the tenant, and nothing else', async () => {
    const answer = await post({ name: ' Acme ' });
    expect(answer.status).toBe(201);
    const id = String(answer.json['id']);
    expect(id).toMatch(/^[a-f0-9]{24}$/);
    expect(answer.headers.get('location')).toBe(`/tenancy/v1/tenants/${id}`);
    expect(answer.json).toMatchObject({
      name: 'Acme',
      status: 'active',
      target: 'default',
      provisioning: null,
    });

    const mine = (await tables()).filter((name) => name.endsWith(`_${id}`));
    for (const base of [
      'otel_logs',
      'otel_traces',
      'hyperdx_sessions',
      'otel_metrics_gauge',
      'otel_metrics_sum',
      'otel_metrics_histogram',
      'otel_metrics_exponential_histogram',
      'otel_metrics_summary',
      'otel_logs_kv_rollup_15m',
      'otel_traces_kv_rollup_15m',
    ]) {
      expect(mine).toContain(`${base}_${id}`);
    }
    expect(mine).toHaveLength(12);

    const team = await Team.findOne({ tenant: id }).lean();
    expect(team).toMatchObject({ name: 'Acme', collectorAuthenticationEnforced: true });
    expect(team?.apiKey).toMatch(/^[0-9a-f-]{36}$/);
    expect(team?.hookId).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.json['teams']).toEqual([
      { id: String(team?._id), name: 'Acme', apiKey: team?.apiKey },
    ]);

    const connection = await Connection.findOne({ team: team?._id }).select('+password').lean();
    expect(connection).toMatchObject({
      username: `hdx_d_${String(team?._id)}`,
      password: expect.stringMatching(/^[a-f0-9]{64}$/) as string,
      platformProvisioned: true,
    });

    const sources = await Source.find({ team: team?._id }).lean();
    expect(sources.map(({ kind }) => kind).sort()).toEqual(['log', 'metric', 'session', 'trace']);
    for (const source of sources) expect(String(source.connection)).toBe(String(connection?._id));
    const log = sources.find(({ kind }) => kind === 'log');
    const trace = sources.find(({ kind }) => kind === 'trace');
    expect(log?.['from']).toEqual({
      databaseName: engines.clickhouse.database,
      tableName: `otel_logs_${id}`,
    });
    expect(log?.['traceSourceId']).toBe(String(trace?._id));
  });

  it("takes the caller's ingestion key", async () => {
    const answer = await post({ name: 'With key', apiKey: 'chosen-key.1~+/$' });
    expect(answer.status).toBe(201);
    expect(answer.json['teams']).toMatchObject([{ apiKey: 'chosen-key.1~+/$' }]);
  });

  it.each([
    ['an empty name', { name: '' }, 'name'],
    ['a blank name', { name: '   ' }, 'name'],
    ['a name of 101 characters', { name: 'x'.repeat(101) }, 'name'],
    ['a name that is no string', { name: 5 }, 'name'],
    ['a name with a control character', { name: 'a\u001bb' }, 'name'],
    ['a name that turns the direction of text', { name: 'a\u202eb' }, 'name'],
    ['no name', {}, 'name'],
    ['an unknown field', { name: 'Fine', nmae: 'x' }, 'nmae'],
    [
      'a prototype for a field',
      JSON.parse('{"name":"Fine","__proto__":{"admin":true}}') as object,
      '__proto__',
    ],
    ['a short key', { name: 'Fine', apiKey: 'short' }, 'apiKey'],
    ['a key with a space', { name: 'Fine', apiKey: 'has a space' }, 'apiKey'],
    ['a key with a quote', { name: 'Fine', apiKey: 'has"a"quote' }, 'apiKey'],
    ['a key that is an operator', { name: 'Fine', apiKey: { $ne: '' } }, 'apiKey'],
    ['a list', [{ name: 'Fine' }], 'body'],
  ])('refuses %s, names the field, and changes nothing', async (_what, body, field) => {
    const before = await everything();
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual({
      code: 'invalid_request',
      message: expect.stringContaining(field) as string,
    });
    expect(await everything()).toEqual(before);
  });

  it.each([
    ['malformed JSON', '{"name":', {}, 400, 'invalid_json'],
    ['a bare string', '"name"', {}, 400, 'invalid_json'],
    [
      'another type',
      'name=x',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'unsupported_media_type',
    ],
    [
      'a body over the limit',
      JSON.stringify({ name: 'x'.repeat(300_000) }),
      {},
      413,
      'payload_too_large',
    ],
    ['an unknown encoding', '{}', { 'content-encoding': 'snappy' }, 415, 'unsupported_media_type'],
  ])('refuses %s', async (_what, raw, headers, status, code) => {
    const before = await everything();
    const answer = await server.request('POST', '/tenancy/v1/tenants', { raw, headers });
    expect(answer.status).toBe(status);
    expect(answer.json).toEqual({ code, message: expect.any(String) as string });
    expect(await everything()).toEqual(before);
  });

  it('refuses a second tenant of a name, however it is written', async () => {
    await post({ name: 'Globex' });
    const before = await everything();
    const answer = await post({ name: 'gLOBEX ' });
    expect(answer.status).toBe(409);
    expect(answer.json['code']).toBe('tenant_exists');
    expect(await everything()).toEqual(before);
  });

  it("refuses another team's ingestion key and leaves the name free", async () => {
    await post({ name: 'Key holder', apiKey: 'a-key-of-one-team' });
    const before = await everything();
    const answer = await post({ name: 'Key thief', apiKey: 'a-key-of-one-team' });
    expect(answer.status).toBe(409);
    expect(answer.json).toEqual({
      code: 'ingestion_key_taken',
      message: expect.stringContaining('apiKey') as string,
    });
    expect(answer.text).not.toContain('Key holder');
    expect(await everything()).toEqual(before);
    expect((await post({ name: 'Key thief' })).status).toBe(201);
  });

  it('makes one tenant of many calls at once', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => post({ name: 'Race' })));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(7);
    const [tenant] = await Tenant.find({ nameKey: 'race' }).lean();
    expect(await Tenant.countDocuments({ nameKey: 'race' })).toBe(1);
    expect(await Team.countDocuments({ tenant: tenant?._id })).toBe(1);
    expect(await Source.countDocuments({ team: tenant?.members.team })).toBe(4);
    expect(await Connection.countDocuments({ team: tenant?.members.team })).toBe(1);
  });

  it('makes different tenants at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, i) => post({ name: `Parallel ${i}` })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 201));
    expect(new Set(answers.map(({ json }) => json['id'])).size).toBe(6);
  });
});

describe('GET /tenancy/v1/tenants', () => {
  it('pages through all of them, each once', async () => {
    const seen: unknown[] = [];
    let after = '';
    do {
      const answer = await server.request('GET', `/tenancy/v1/tenants?limit=3${after}`);
      expect(answer.status).toBe(200);
      const data = answer.json['data'] as { id: string }[];
      expect(data.length).toBeLessThanOrEqual(3);
      seen.push(...data.map(({ id }) => id));
      after = answer.json['next'] === null ? '' : `&after=${answer.json['next'] as string}`;
    } while (after !== '');
    expect(seen).toHaveLength(await Tenant.countDocuments());
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('finds one by its name', async () => {
    const answer = await server.request('GET', '/tenancy/v1/tenants?name=ACME');
    expect(answer.json['data']).toMatchObject([{ name: 'Acme' }]);
  });

  it.each([
    'limit=0',
    'limit=501',
    'limit=x',
    'after=zz',
    'status=odd',
    'color=red',
    'name[$ne]=x',
  ])('refuses ?%s', async (query) => {
    const answer = await server.request('GET', `/tenancy/v1/tenants?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.json['code']).toBe('invalid_request');
  });

  it('answers one, or says that there is none', async () => {
    const [tenant] = await Tenant.find().lean();
    const one = await server.request('GET', `/tenancy/v1/tenants/${String(tenant?._id)}`);
    expect(one.json).toMatchObject({ id: String(tenant?._id), status: 'active' });
    const none = await server.request('GET', `/tenancy/v1/tenants/${'0'.repeat(24)}`);
    expect([none.status, none.json['code']]).toEqual([404, 'tenant_not_found']);
    const odd = await server.request('GET', '/tenancy/v1/tenants/no-id');
    expect([odd.status, odd.json['code']]).toEqual([400, 'invalid_tenant_id']);
    const path = await server.request('GET', '/tenancy/v1/tenants/..%2f..%2fetc');
    expect([path.status, path.json['code']]).toEqual([400, 'ambiguous_path']);
  });
});

describe('who may call', () => {
  it.each([
    ['no token', { authorization: '' }],
    ['a wrong token', { authorization: 'Bearer wrong' }],
    ['another scheme', { authorization: 'Basic wrong' }],
  ])('refuses %s on every route, before it reads a body', async (_what, headers) => {
    const before = await everything();
    for (const [method, path] of [
      ['POST', '/tenancy/v1/tenants'],
      ['GET', '/tenancy/v1/tenants'],
      ['GET', `/tenancy/v1/tenants/${'0'.repeat(24)}`],
      ['POST', '/tenancy/v1/collector-tokens'],
      ['GET', '/tenancy/v1/collector-tokens'],
      ['DELETE', `/tenancy/v1/collector-tokens/${'0'.repeat(24)}`],
      ['GET', '/tenancy/v1/anything'],
    ] as const) {
      const answer = await server.request(method, path, {
        headers,
        ...(method === 'POST' ? { raw: '{"name":' } : {}),
      });
      expect([path, answer.status, answer.json['code']]).toEqual([path, 401, 'unauthorized']);
    }
    expect(await everything()).toEqual(before);
  });

  it('does not take the collector token, nor an ingestion key, for an operator', async () => {
    const [team] = await Team.find().lean();
    for (const token of [server.config.collectorToken, team?.apiKey]) {
      const answer = await server.request('GET', '/tenancy/v1/tenants', {
        headers: { authorization: `Bearer ${token}` },
      });
      expect(answer.status).toBe(401);
    }
  });

  it('answers an unknown route with 404 and the shape of all errors', async () => {
    const answer = await server.request('GET', '/no/such');
    expect(answer.status).toBe(404);
    expect(answer.json).toEqual({ code: 'not_found', message: expect.any(String) as string });
  });
});

describe('health', () => {
  it('is public', async () => {
    const health = await server.request('GET', '/health', { headers: { authorization: '' } });
    expect(health.json).toMatchObject({ data: 'OK', env: 'test' });
    const ready = await server.request('GET', '/ready', { headers: { authorization: '' } });
    expect(ready.json).toMatchObject({ status: 'ready', missing: [] });
    expect(mongoose.connection.readyState).toBe(1);
  });
});
