import mongoose from 'mongoose';

import { buildGroupConfig, loadCollectorSnapshot } from '../../../controllers/collectorConfigs';
import { createContext } from '../../../controllers/context';
import type { Context } from '../../../controllers/context';
import { heardAgent } from '../../../controllers/__tests__/heardAgent';
import { recordAgents } from '../../../controllers/collectorAgents';
import { dropFormerKeys } from '../../../controllers/ingestionKeys';
import { readRevision } from '../../../controllers/revisions';
import { useServer } from '../../../fixtures';
import CollectorAgent from '../../../models/collectorAgent';
import Team from '../../../models/team';
import { createLogger } from '../../../utils/logger';
import { inhabit } from './teams';
import type { Inhabited } from './teams';

jest.setTimeout(60_000);

const { server } = useServer();
const log = createLogger('silent');
const group = { kind: 'shared', target: 'default' } as const;
let acme: Inhabited;
let globex: Inhabited;
let context: Context;

beforeAll(async () => {
  acme = await inhabit(server, 'Acme');
  globex = await inhabit(server, 'Globex');
  context = createContext(server.config, log);
});

afterAll(() => context.targets.close());

afterEach(async () => {
  await CollectorAgent.deleteMany({});
  await dropFormerKeys(context);
});

/** What a shared collector is offered now. */
async function config(): Promise<string> {
  const snapshot = await loadCollectorSnapshot(server.config, context);
  return String(buildGroupConfig(group, snapshot, server.config, log));
}

/** A collector that runs a config of this revision. */
async function collector(revision: number): Promise<void> {
  await recordAgents([heardAgent({ revision })]);
}

const renew = (of: Inhabited, json?: object) =>
  of.browser.request('PATCH', '/team/apiKey', json === undefined ? {} : { json });

async function keyOf(of: Inhabited): Promise<string> {
  return (await Team.findById(of.team))!.apiKey;
}

it('a new key is offered beside the one before, until every collector has it', async () => {
  const before = await keyOf(acme);
  await collector(await readRevision('collectors'));
  const seen = await renew(acme);
  const { newApiKey } = seen.json as { newApiKey: string };
  expect([seen.status, newApiKey]).toEqual([200, await keyOf(acme)]);
  expect(newApiKey).not.toBe(before);
  for (const key of [before, newApiKey]) expect(await config()).toContain(key);

  await dropFormerKeys(context);
  expect(await config()).toContain(before);

  await collector(await readRevision('collectors'));
  await dropFormerKeys(context);
  expect(await config()).not.toContain(before);
  expect(await config()).toContain(newApiKey);
  // Not even an empty list is left of it.
  const team = await mongoose.connection.collection('teams').findOne({ apiKey: newApiKey });
  expect(team).not.toHaveProperty('previousApiKeys');
});

it('where no collector is, the one before is gone with the next look', async () => {
  const before = await keyOf(acme);
  await renew(acme);
  await dropFormerKeys(context);
  expect(await config()).not.toContain(before);
});

it('a process that dies over it leaves both, and the task goes on', async () => {
  const before = await keyOf(acme);
  await collector(await readRevision('collectors'));
  await renew(acme);
  // As it is before the revision is known.
  await Team.updateOne({ _id: acme.team }, { $set: { 'previousApiKeys.0.revision': null } });
  await dropFormerKeys(context);
  expect(await config()).toContain(before);
  await collector(await readRevision('collectors'));
  await dropFormerKeys(context);
  expect(await config()).not.toContain(before);
});

it('a key of one’s own choice keeps to the rule, and is nobody else’s', async () => {
  expect((await renew(acme, { apiKey: 'chosen-by-acme-1' })).json).toEqual({
    newApiKey: 'chosen-by-acme-1',
  });
  for (const apiKey of ['short', 'with space in it', 'x'.repeat(129), '"quoted"']) {
    const seen = await renew(acme, { apiKey });
    expect([seen.status, seen.text.includes('A-Z a-z 0-9')]).toEqual([400, true]);
  }
  const taken = await renew(globex, { apiKey: 'chosen-by-acme-1' });
  expect([taken.status, (taken.json as { code: string }).code]).toEqual([
    409,
    'ingestion_key_taken',
  ]);
  expect(await keyOf(globex)).toBe(globex.apiKey);
});

it('a key that collectors still accept is nobody else’s either, and its team may have it back', async () => {
  await renew(acme, { apiKey: 'still-accepted-1' });
  await collector(0);
  await renew(acme, { apiKey: 'the-next-one-1' });
  expect((await renew(globex, { apiKey: 'still-accepted-1' })).status).toBe(409);
  const tenant = await server.request('POST', '/tenancy/v1/tenants', {
    body: { name: 'Initech', apiKey: 'still-accepted-1' },
  });
  expect([tenant.status, tenant.json['code']]).toEqual([409, 'ingestion_key_taken']);
  expect((await renew(acme, { apiKey: 'still-accepted-1' })).status).toBe(200);
  for (const key of ['still-accepted-1', 'the-next-one-1']) expect(await config()).toContain(key);
});

it('keys are not changed faster than collectors follow', async () => {
  await collector(0);
  for (const key of ['one', 'two', 'three'])
    expect((await renew(globex, { apiKey: `faster-and-faster-${key}` })).status).toBe(200);
  const seen = await renew(globex, { apiKey: 'faster-and-faster-four' });
  expect([seen.status, (seen.json as { code: string }).code]).toEqual([409, 'operation_running']);
  expect(seen.headers.get('retry-after')).toBe('60');
});
