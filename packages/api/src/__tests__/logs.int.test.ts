import { randomBytes } from 'node:crypto';

import { startClickHouse } from '@hyperdx-tenancy/devkit/clickhouse';
import type { ClickHouseServer } from '@hyperdx-tenancy/devkit/clickhouse';
import { waitFor } from '@hyperdx-tenancy/devkit/process';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';

import { select } from '../clickhouse/run';
import { setPasswords, tenantAccess } from '../clickhouse/tenantAccess';
import type { Config } from '../config';
import { createContext } from '../controllers/context';
import { loginOf, passwordHashes } from '../controllers/credentials';
import { announceChange } from '../controllers/revisions';
import { startEngines, startTestServer, testConfig } from '../fixtures';
import type { Engines, TestServer } from '../fixtures';
import Tenant from '../models/tenant';
import { opamp } from '../opamp/proto/gen/opamp';
import { createLogger } from '../utils/logger';

const { AgentToServer, RemoteConfigStatuses } = opamp.proto;

const random = (): string => randomBytes(16).toString('hex');

/** What must be in no log, by what it is. */
const secrets = {
  'password of ClickHouse': random(),
  'another password for ClickHouse': random(),
  'password of MongoDB': random(),
  TENANCY_SECRET: random(),
  TENANCY_ADMIN_TOKEN: random(),
  TENANCY_COLLECTOR_TOKEN: random(),
  'ingestion key': `key-${random()}`,
  'telemetry and password hashes': `row-${random()}`,
  'a mistyped token': random(),
  'Idempotency-Key': random(),
};
/** Those that are only known later. */
const drawn = new Map<string, string>();

/** Which of the secrets a text holds. */
function found(text: string): string[] {
  const all = [...Object.entries(secrets), ...drawn];
  return all.filter(([, value]) => text.includes(value)).map(([what]) => what);
}

let engines: Engines;
/** With a password that no other text contains. */
let clickhouse: ClickHouseServer;
let server: TestServer;

/** All that was logged, at level `trace`. */
let written = '';
const log = createLogger('trace', { write: (line) => void (written += line) });

function lines(): Record<string, unknown>[] {
  return written
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

function config(env: Record<string, string> = {}): Config {
  return testConfig(engines, {
    CLICKHOUSE_HOST: clickhouse.url,
    CLICKHOUSE_USER: clickhouse.user,
    CLICKHOUSE_PASSWORD: clickhouse.password,
    HYPERDX_OTEL_EXPORTER_CLICKHOUSE_DATABASE: 'default',
    TENANCY_ACCESS_MODE: 'guard',
    TENANCY_SECRET: secrets.TENANCY_SECRET,
    TENANCY_ADMIN_TOKEN: secrets.TENANCY_ADMIN_TOKEN,
    TENANCY_COLLECTOR_TOKEN: secrets.TENANCY_COLLECTOR_TOKEN,
    ...env,
  });
}

/** Has a server of its own do something, in place of {@link server}. */
async function onServer(
  env: Record<string, string>,
  work: (other: TestServer) => Promise<void>,
): Promise<void> {
  const other = await startTestServer(config(env), false, log);
  try {
    await work(other);
  } finally {
    await other.stop();
  }
}

/** A statement as ClickHouse's administrator. */
async function run(query: string): Promise<void> {
  const { url, user, password } = clickhouse;
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'x-clickhouse-user': user, 'x-clickhouse-key': password },
    body: query,
  });
  expect([query, await answer.text()]).toEqual([query, '']);
}

async function logged(fields: Record<string, unknown>): Promise<void> {
  await waitFor(
    () => lines().some((line) => Object.entries(fields).every(([key, is]) => line[key] === is)),
    { what: `a line with ${JSON.stringify(fields)}`, timeoutMs: 20_000 },
  );
}

/** What a promise is rejected with. */
async function rejection(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was not refused');
}

const post = (on: TestServer, body: object) => on.request('POST', '/tenancy/v1/tenants', { body });

async function poll(
  token: string,
  inPath: boolean,
  fields: opamp.proto.AgentToServer.$Properties = {},
): Promise<number> {
  const response = await fetch(server.opampUrl + (inPath ? `/t/${token}/v1/opamp` : '/v1/opamp'), {
    method: 'POST',
    headers: {
      'content-type': 'application/x-protobuf',
      ...(inPath ? {} : { authorization: `Bearer ${token}` }),
    },
    body: Buffer.from(
      AgentToServer.encode({
        instanceUid: Buffer.alloc(16, 3),
        sequenceNum: 1,
        capabilities: 0x2 | 0x1000,
        agentDescription: {},
        ...fields,
      }).finish(),
    ),
  });
  await response.arrayBuffer();
  return response.status;
}

beforeAll(async () => {
  [engines, clickhouse] = await Promise.all([
    startEngines(true),
    startClickHouse({ password: secrets['password of ClickHouse'] }),
  ]);
}, 120_000);

afterAll(async () => {
  await clickhouse.stop();
  await engines.stop();
}, 60_000);

describe('the log at its most talkative', () => {
  it('says that MongoDB cannot be reached, or cannot be addressed so', async () => {
    const login = `mongodb://user:${secrets['password of MongoDB']}`;
    for (const uri of [
      `${login}@127.0.0.1:1/x?serverSelectionTimeoutMS=300`,
      `${login}@127.0.0.1:1/x?maxPoolSize=none`,
    ]) {
      const before = written.length;
      await onServer({ MONGO_URI: uri }, async () => {
        await waitFor(() => written.slice(before).includes('MongoDB is not usable yet'), {
          what: 'the failure to be logged',
          timeoutMs: 20_000,
        });
      });
    }
  }, 60_000);

  it('says that ClickHouse refuses the password', async () => {
    await onServer(
      { CLICKHOUSE_PASSWORD: secrets['another password for ClickHouse'] },
      async (other) => {
        await waitFor(async () => (await post(other, { name: 'Wrong' })).status === 502, {
          what: 'ClickHouse to refuse',
          timeoutMs: 20_000,
        });
      },
    );
    await logged({ msg: 'request failed', code: 'clickhouse_rejected' });
  }, 60_000);

  it('names request and tenant in the lines of a creation', async () => {
    server = await startTestServer(config(), true, log);
    const { status, json } = await server.request('POST', '/tenancy/v1/tenants', {
      body: { name: 'Logged', apiKey: secrets['ingestion key'] },
      headers: { 'idempotency-key': secrets['Idempotency-Key'], 'x-request-id': 'the-first' },
    });
    expect(status).toBe(201);
    await logged({
      level: 'info',
      msg: 'request',
      requestId: 'the-first',
      method: 'POST',
      route: '/tenancy/v1/tenants',
      status: 201,
    });
    await logged({ msg: 'tenant active', requestId: 'the-first', tenant: json['id'] });
  }, 60_000);

  it('says what ClickHouse refused, where its answer quotes statements and data', async () => {
    const { _id } = (await Tenant.findOne({ nameKey: 'logged' }).lean()) ?? {};
    const id = String(_id);
    const row = secrets['telemetry and password hashes'];
    await run(`INSERT INTO otel_logs_${id} (Timestamp, Body) VALUES (now(), '${row}')`);
    await run(`DROP TABLE otel_metrics_sum_${id}`);
    await run(`CREATE TABLE otel_metrics_sum_${id} (x String DEFAULT '${row}') ENGINE = Memory`);
    await Tenant.updateOne({ _id: id }, { status: 'provisioning', step: 'tables' });
    const refused = await server.request('POST', `/tenancy/v1/tenants/${id}/retry`);
    expect(refused.status).toBe(502);
    await logged({ route: '/tenancy/v1/tenants/:id/retry', tenant: id, status: 502 });
    // As a statement of ours would be logged whose refusal quotes it.
    const { targets } = createContext(config(), log);
    const refusal = await rejection(
      targets.get('default').run({ sql: `SELECT toUInt8('${row}')`, loggable: '' }),
    );
    await targets.close();
    expect((refusal.cause as Error).message).toContain(row);
    log.error({ err: refusal }, 'provisioning stopped');
  }, 60_000);

  it("says which of a tenant's users could not be made, or not log in", async () => {
    const context = createContext(config({ TENANCY_ACCESS_MODE: 'grants' }), log);
    const target = context.targets.get('default');
    const id = parseTenantId('0123456789abcdef01234567');
    const credentials = context.keyring.first();
    const access = await tenantAccess(target, id, context.platform);
    const hashes = passwordHashes(id, credentials, context);
    drawn.set('hash of a password', hashes.reader.hash);
    const login = loginOf('writer', target, id, credentials, context);
    drawn.set('derived password', login.password);
    // The embedded engine has no users to change; a server refuses what is not there.
    for (const refusal of [
      await rejection(setPasswords(target, access, hashes)),
      await rejection(select(target.admin, 'SELECT 1', {}, login)),
    ]) {
      expect(refusal).toMatchObject({ code: 'clickhouse_rejected' });
      log.error({ err: refusal }, 'provisioning stopped');
    }
    await context.targets.close();
    // It was about to be said: the statement is there, without its hash.
    expect(written).toMatch(/"statement":"ALTER USER [^"]*hdx_r_/);
  }, 30_000);

  it('takes requests that are wrong in every way', async () => {
    const key = secrets['ingestion key'];
    expect((await post(server, { name: 'Thief', apiKey: key })).status).toBe(409);
    expect((await post(server, { name: 'Odd', [key]: key })).status).toBe(400);
    const raw = `{"name": "${key}`;
    expect((await server.request('POST', '/tenancy/v1/tenants', { raw })).status).toBe(400);
    expect((await server.request('GET', `/tenancy/v1/tenants/${key}?name=${key}`)).status).toBe(
      400,
    );
    expect((await server.request('GET', `/t/${key}/v1/opamp`)).status).toBe(404);
    const basic = Buffer.from(`u:${secrets.TENANCY_ADMIN_TOKEN}`).toString('base64');
    drawn.set('the admin token as Basic has it', basic);
    for (const authorization of [`Bearer ${secrets['a mistyped token']}`, `Basic ${basic}`]) {
      const headers = { authorization };
      expect((await server.request('GET', '/tenancy/v1/tenants', { headers })).status).toBe(401);
    }
    await logged({ method: 'GET', route: '/tenancy/v1/tenants', status: 401 });
  });

  it('takes polls with tokens in header and path, and an error that quotes a config', async () => {
    // In the configs again, as it was before its tables were spoiled.
    const tenant = await Tenant.findOneAndUpdate({ nameKey: 'logged' }, { status: 'active' });
    await announceChange('collectors', log, { tenants: [String(tenant?.id)] });
    const made = await server.request('POST', '/tenancy/v1/collector-tokens', {
      body: { name: 'logged', group: { kind: 'shared' } },
    });
    drawn.set('a collector token', String(made.json['token']));
    await waitFor(async () => (await poll(String(made.json['token']), true)) === 200, {
      what: 'the token to be known',
      timeoutMs: 10_000,
    });
    for (const inPath of [true, false]) {
      expect(await poll(secrets.TENANCY_COLLECTOR_TOKEN, inPath)).toBe(200);
      expect(await poll(secrets['a mistyped token'], inPath)).toBe(401);
    }
    const errorMessage = `exporters: password: ${clickhouse.password}, token: ${secrets['ingestion key']}`;
    const lastRemoteConfigHash = Buffer.from('aa', 'hex');
    const status = RemoteConfigStatuses.RemoteConfigStatuses_FAILED;
    const remoteConfigStatus = { lastRemoteConfigHash, status, errorMessage };
    expect(await poll(secrets.TENANCY_COLLECTOR_TOKEN, false, { remoteConfigStatus })).toBe(200);
    await logged({ msg: 'an agent could not apply its config' });
    await logged({ route: '/t/:token/v1/opamp', status: 401 });
  });

  it('goes through the loss of both engines', async () => {
    await clickhouse.kill();
    expect((await post(server, { name: 'Gone' })).status).toBe(503);
    await clickhouse.restart();
    await engines.mongo.kill();
    expect((await post(server, { name: 'Gone, too' })).status).toBe(503);
    await engines.mongo.restart();
    await server.stop();
    await logged({ msg: 'stopped' });
  }, 60_000);

  it('and holds not one secret', () => {
    const said = lines().map(({ level, msg }) => `${String(level)}: ${String(msg)}`);
    // That there was something to search: every kind of line that this file causes.
    expect(said).toEqual(
      expect.arrayContaining([
        'error: MongoDB is not usable yet; trying again',
        'error: provisioning stopped',
        'error: request failed',
        'error: an agent could not apply its config',
        'debug: config offered',
        'debug: request',
      ]),
    );
    expect(found(written)).toEqual([]);
  });

  it('would be found to hold one, and cuts one that is logged on purpose', () => {
    for (const [what, value] of Object.entries(secrets)) {
      const start = written.length;
      log.info({ note: `a note of ${value}` }, 'planted');
      expect(found(written.slice(start))).toEqual([what]);
      const end = written.length;
      log.info({ password: value, team: { apiKey: value } }, 'on purpose');
      expect(found(written.slice(end))).toEqual([]);
    }
  });
});
