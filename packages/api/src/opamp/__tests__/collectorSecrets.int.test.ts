import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

import { startClickHouse } from '@hyperdx-tenancy/devkit/clickhouse';
import type { ClickHouseServer } from '@hyperdx-tenancy/devkit/clickhouse';
import { openMongo } from '@hyperdx-tenancy/devkit/mongo';
import type { Mongo } from '@hyperdx-tenancy/devkit/mongo';
import { waitFor } from '@hyperdx-tenancy/devkit/process';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import mongoose, { Types } from 'mongoose';

import { flushAudit } from '../../controllers/audit';
import { createContext } from '../../controllers/context';
import type { Context } from '../../controllers/context';
import { loginOf } from '../../controllers/credentials';
import { renewIngestionKey } from '../../controllers/ingestionKeys';
import { startTestServer, testConfig } from '../../fixtures';
import type { Answer, TestServer } from '../../fixtures';
import CollectorEffectiveConfig from '../../models/collectorEffectiveConfig';
import CollectorRevision from '../../models/collectorRevision';
import Tenant from '../../models/tenant';
import type { ITenant } from '../../models/tenant';
import { createLogger } from '../../utils/logger';
import { opamp } from '../proto/gen/opamp';
import { answered } from './agentMessages';

/*
 * Where ClickHouse users keep tenants apart, their passwords are derived and kept nowhere. Configs that hold them go through
 * revisions, differences, audit, logs, and what collectors say: all of that is searched for every secret there is.
 */

jest.setTimeout(180_000);

const { AgentToServer, RemoteConfigStatuses } = opamp.proto;

let clickhouse: ClickHouseServer;
let mongo: Mongo;
let server: TestServer;
let context: Context;

/** All that was logged, at level `trace`. */
let written = '';
/** What nobody but collectors may hold, by what it is. */
const secrets = new Map<string, string>();
/** Of these, keys that HyperDX keeps in its teams, and shows to their people. */
const keys = new Map<string, string>();

beforeAll(async () => {
  [clickhouse, mongo] = await Promise.all([
    startClickHouse({ password: 'the-administrators-own', users: true }),
    openMongo(),
  ]);
  const config = testConfig({ clickhouse, mongo }, { TENANCY_ACCESS_MODE: 'grants' });
  const log = createLogger('trace', { write: (line) => void (written += line) });
  server = await startTestServer(config, true, log);
  context = createContext(config, createLogger('silent'));
  secrets.set('password of ClickHouse', clickhouse.password);
  secrets.set('TENANCY_SECRET', config.secret);
  secrets.set('TENANCY_ADMIN_TOKEN', config.adminToken ?? '');
  secrets.set('TENANCY_COLLECTOR_TOKEN', config.collectorToken ?? '');
}, 180_000);

afterAll(async () => {
  await context.targets.close();
  await server.stop();
  await Promise.all([clickhouse.stop(), mongo.stop()]);
}, 60_000);

const call = (method: string, path: string, body?: unknown): Promise<Answer> =>
  server.request(method, `/tenancy/v1${path}`, body === undefined ? {} : { body });

async function done(method: string, path: string, body?: unknown): Promise<Answer> {
  const answer = await call(method, path, body);
  expect([method, path, answer.status < 300 ? '' : answer.text]).toEqual([method, path, '']);
  return answer;
}

/** Notes the passwords that a tenant's users have now. */
async function notePasswords(id: string): Promise<void> {
  const tenant = await Tenant.findById(id).lean<ITenant>();
  if (!tenant) throw new Error(`no tenant ${id}`);
  const { credentials } = tenant;
  for (const role of ['reader', 'writer'] as const) {
    const target = context.targets.get(tenant.target);
    const { password } = loginOf(role, target, parseTenantId(id), credentials, context);
    secrets.set(`${role} of ${tenant.name}, generation ${credentials.generation}`, password);
  }
}

interface Made {
  id: string;
  team: string;
}

async function makeTenant(name: string): Promise<Made> {
  const { json } = await done('POST', '/tenants', { name });
  const [team] = json['teams'] as { id: string; apiKey: string }[];
  const id = String(json['id']);
  keys.set(`key of ${name}`, team!.apiKey);
  await notePasswords(id);
  return { id, team: team!.id };
}

async function makeToken(group: object): Promise<string> {
  const { json } = await done('POST', '/collector-tokens', { name: 'edge', group });
  const token = String(json['token']);
  secrets.set(`token of ${JSON.stringify(group)}`, token);
  return token;
}

/** The forms in which a text may stand in another. */
function formsOf(secret: string): string[] {
  const base64 = (text: string) => Buffer.from(text).toString('base64').replace(/=+$/, '');
  return [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    secret.replaceAll('$', '$$$$'),
    base64(secret),
    base64(`:${secret}`),
  ];
}

/** Which secrets a text holds. */
function found(text: string, but: ReadonlyMap<string, string> = new Map()): string[] {
  return [...secrets, ...keys]
    .filter(([what]) => !but.has(what))
    .filter(([, secret]) => formsOf(secret).some((form) => text.includes(form)))
    .map(([what]) => what);
}

interface Agent {
  token: string;
  uid: Buffer;
  sequence: number;
}

async function say(
  agent: Agent,
  fields: opamp.proto.AgentToServer.$Properties,
): Promise<ReturnType<typeof answered>> {
  agent.sequence += 1;
  const response = await fetch(`${server.opampUrl}/v1/opamp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-protobuf',
      authorization: `Bearer ${agent.token}`,
    },
    body: Buffer.from(
      AgentToServer.encode({
        instanceUid: agent.uid,
        sequenceNum: agent.sequence,
        // With effective config, health and remote config status reported.
        capabilities: 0x1 | 0x2 | 0x4 | 0x800 | 0x1000,
        ...fields,
      }).finish(),
    ),
  });
  const body = Buffer.from(await response.arrayBuffer());
  expect(response.status).toBe(200);
  return answered(body);
}

/** A config as a collector's own writer of YAML has it, defaults and all. */
function asYaml(value: unknown, indent = ''): string {
  if (Array.isArray(value)) {
    return value.map((item) => `\n${indent}- ${asYaml(item, `${indent}  `).trimStart()}`).join('');
  }
  if (typeof value !== 'object' || value === null) return ` ${String(value)}`;
  return Object.entries(value)
    .map(([name, item]) => `\n${indent}${name}:${asYaml(item, `${indent}  `)}`)
    .join('');
}

/** Takes up its config, says all of it, in both forms, and then that it failed, naming what it holds. */
async function tellEverything(agent: Agent): Promise<string> {
  const { config, hash } = await waitFor(
    async () => {
      const answer = await say(agent, { agentDescription: {} });
      return answer.config === undefined ? undefined : answer;
    },
    { what: 'a config', timeoutMs: 20_000 },
  );
  const text = config ?? '';
  const { RemoteConfigStatuses_APPLIED: APPLIED, RemoteConfigStatuses_FAILED: FAILED } =
    RemoteConfigStatuses;
  const effective = (body: string) => ({
    effectiveConfig: {
      configMap: { configMap: [{ key: '', value: { body: Buffer.from(body) } }] },
    },
  });
  await say(agent, {
    ...effective(text),
    remoteConfigStatus: { lastRemoteConfigHash: hash, status: APPLIED },
    health: { healthy: true },
  });
  await say(agent, effective(asYaml(JSON.parse(text)).trimStart()));
  // All that a collector may know.
  const held = [...secrets.values(), ...keys.values()].filter((secret) => text.includes(secret));
  const quoted = [agent.token, ...held];
  await say(agent, {
    health: { healthy: false, lastError: `cannot log in with ${quoted.join(', ')}` },
    remoteConfigStatus: {
      lastRemoteConfigHash: hash,
      status: FAILED,
      errorMessage: quoted
        .map((secret) => `GET ws://opamp:4320/t/${secret}/v1/opamp with "${secret}": refused`)
        .join('\n'),
    },
  });
  return text;
}

const inflate = promisify(gunzip);

/** All that a document holds as one text, what is compressed in it too. */
async function textOf(value: unknown): Promise<string> {
  if (value instanceof mongoose.mongo.Binary) return textOf(Buffer.from(value.buffer));
  if (Buffer.isBuffer(value)) {
    return value[0] === 0x1f ? (await inflate(value)).toString() : value.toString('latin1');
  }
  if (value instanceof Types.ObjectId || value instanceof Date) return value.toString();
  if (typeof value !== 'object' || value === null) return String(value);
  const parts = await Promise.all(
    Object.entries(value).map(async ([name, item]) => `${name} ${await textOf(item)}`),
  );
  return parts.join('\n');
}

/** Which secrets each collection holds. */
async function foundInMongo(): Promise<Record<string, string[]>> {
  const db = mongoose.connection.db;
  if (!db) throw new Error('MongoDB is not connected');
  const all: Record<string, string[]> = {};
  for (const { name } of await db.listCollections().toArray()) {
    const documents = await db.collection(name).find().toArray();
    // A tenant's people see its keys, and HyperDX looks teams up by them.
    const shown = name === 'teams' || name === 'tenants' ? keys : new Map<string, string>();
    const texts = await Promise.all(documents.map(textOf));
    const held = found(texts.join('\n'), shown);
    if (held.length > 0) all[name] = held;
  }
  return all;
}

/** All that operators are shown of collectors. */
async function answers(): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  const get = async (path: string): Promise<Record<string, unknown>> => {
    const { text, json } = await call('GET', path);
    all.set(path, text);
    return json;
  };
  const list = async (path: string) => (await get(path))['data'] as Record<string, unknown>[];
  for (const { id } of await list('/collector-groups')) {
    const group = `/collector-groups/${String(id)}`;
    const { parts } = await get(group);
    for (const part of parts as { id: string }[]) {
      const path = `/collector-groups/${part.id}`;
      await get(`${path}/config`);
      for (const { number } of await list(`${path}/revisions`)) {
        await get(`${path}/revisions/${String(number)}`);
      }
    }
    const body = { options: { memoryLimitMiB: 999 } };
    const preview = await call('PATCH', `${group}?dryRun=true`, body);
    all.set(`${group}, dry run`, preview.text);
  }
  for (const { instanceUid } of await list('/collector-agents')) {
    await get(`/collector-agents/${String(instanceUid)}`);
  }
  await get('/collector-tokens');
  await get('/audit?limit=500');
  return all;
}

it('secrets of configs are in no document, no answer and no log, whatever happens to the configs', async () => {
  const [acme, globex] = [await makeTenant('Acme'), await makeTenant('Globex')];
  const fragment = [
    'receivers: {nop/a: {}}',
    'exporters: {nop/a: {}}',
    'service: {pipelines: {logs/a: {receivers: [nop/a], exporters: [nop/a]}}}',
  ].join('\n');
  await done('POST', '/collector-groups', { name: 'edge', fragment });
  const agents: Agent[] = [];
  for (const [index, token] of [
    server.config.collectorToken ?? '',
    await makeToken({ kind: 'dedicated', team: acme.team }),
    await makeToken({ kind: 'named', name: 'edge' }),
  ].entries()) {
    agents.push({ token, uid: Buffer.alloc(16, index + 1), sequence: 0 });
  }
  // What they are given has secrets: those that are looked for are the right ones.
  for (const agent of agents) {
    expect(found(await tellEverything(agent))).toEqual(
      expect.arrayContaining(['writer of Acme, generation 1', 'key of Acme']),
    );
  }

  // New passwords, a new key, other settings, and back again.
  await done('POST', `/tenants/${acme.id}/rotate`, { force: true });
  await notePasswords(acme.id);
  const renewed = await renewIngestionKey(new Types.ObjectId(globex.team), undefined, context);
  keys.set('next key of Globex', renewed);
  const edge = '/collector-groups/named:edge';
  await done('PATCH', edge, { options: { memoryLimitMiB: 777 }, quarantine: [globex.id] });
  for (const agent of agents) expect(found(await tellEverything(agent))).not.toEqual([]);
  await call('POST', `${edge}/rollout`, { action: 'retry' });
  await call('POST', `${edge}/rollout`, { action: 'rollback', revision: 1 });
  const full = await done('POST', '/collector-groups/dedicated:' + acme.team + '/config', {});
  expect(found(full.text)).toContain('writer of Acme, generation 2');

  await waitFor(async () => (await CollectorEffectiveConfig.countDocuments()) === agents.length, {
    what: 'what the agents run to be kept',
    timeoutMs: 20_000,
  });
  await waitFor(async () => (await CollectorRevision.countDocuments()) >= 5, {
    what: 'revisions to be recorded',
    timeoutMs: 20_000,
  });
  await flushAudit();
  expect(secrets.size + keys.size).toBe(4 + 2 + 2 * 2 + 2 + 3);
  expect(await foundInMongo()).toEqual({});
  const shown = await answers();
  expect([...shown.keys()].filter((path) => path.includes('/revisions/')).length).toBeGreaterThan(
    4,
  );
  expect(
    [...shown].map(([path, text]) => [path, found(text)]).filter(([, held]) => held?.length),
  ).toEqual([]);
  expect(found(written)).toEqual([]);
});
