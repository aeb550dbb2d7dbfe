import { randomBytes } from 'node:crypto';

import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import { Types } from 'mongoose';

import { useServer } from '../../fixtures';
import CollectorAgent from '../../models/collectorAgent';
import CollectorGroup from '../../models/collectorGroup';
import CollectorRevision from '../../models/collectorRevision';
import type { ICollectorRevision } from '../../models/collectorRevision';
import { createLogger } from '../../utils/logger';
import { unacknowledged } from '../collectorAcknowledgements';
import { recordAgents, recordGone } from '../collectorAgents';
import { createContext } from '../context';
import type { Context } from '../context';
import { heardAgent } from './heardAgent';

const { server } = useServer();
let context: Context;
let tenant: { id: TenantId; team: string };

const newUid = (): string => randomBytes(16).toString('hex');
const shared = 'shared:default';

beforeAll(async () => {
  context = createContext(server.config, createLogger('silent'));
  const { json } = await server.request('POST', '/tenancy/v1/tenants', { body: { name: 'Acme' } });
  const [team] = json['teams'] as { id: string }[];
  tenant = { id: parseTenantId(String(json['id'])), team: team!.id };
});

afterAll(() => context.targets.close());

afterEach(async () => {
  await CollectorAgent.deleteMany({});
  await CollectorGroup.deleteMany({});
  await CollectorRevision.deleteMany({});
});

describe('unacknowledged', () => {
  const waitedFor = (since = new Date(0)) =>
    unacknowledged({ tenantId: tenant.id, target: 'default', revision: 5, since }, context);
  const shardsThatServe = (): string[] => [
    shared,
    `${shared}:quarantine`,
    `dedicated:${tenant.team}`,
    `key:${tenant.team}`,
    'named:everybody:2',
    'named:everybody:quarantine',
    'named:listed',
  ];
  const others = [
    'shared:elsewhere',
    `dedicated:${new Types.ObjectId().toHexString()}`,
    'named:other',
    'named:everybody-else',
    'named:abroad',
  ];

  beforeEach(async () => {
    const group = { target: 'default', options: {}, version: 1 };
    await CollectorGroup.create([
      { _id: 'named:everybody', ...group, members: 'all', shards: 3 },
      { _id: 'named:listed', ...group, members: { tenants: [tenant.id] } },
      { _id: 'named:other', ...group, members: { tenants: ['b'.repeat(24)] } },
      { _id: 'named:everybody-else', ...group, members: { tenants: ['c'.repeat(24)] } },
      { _id: 'named:abroad', ...group, target: 'abroad', members: 'all' },
    ]);
  });

  it('waits for agents of each config that serves the tenant, and for no others', async () => {
    for (const shard of shardsThatServe()) {
      await recordAgents([heardAgent({ shard, instanceUid: newUid(), revision: 4 })]);
      expect([shard, await waitedFor()]).toEqual([shard, 1]);
      await recordAgents([heardAgent({ shard, instanceUid: newUid(), revision: 5 })]);
      expect([shard, await waitedFor()]).toEqual([shard, 1]);
      await CollectorAgent.deleteMany({});
    }
    for (const shard of others) {
      await recordAgents([heardAgent({ shard, instanceUid: newUid(), revision: 0 })]);
      expect([shard, await waitedFor()]).toEqual([shard, 0]);
    }
  });

  /** A config that agents may run, and one agent that runs it and has applied nothing since. */
  async function runs(shard: string, number: number, tenants: readonly string[]): Promise<number> {
    const hash = `${shard} ${number}`;
    const revision: ICollectorRevision = {
      _id: `${shard}#${number}`,
      shard,
      number,
      hash,
      state: 'offered',
      cause: 'inputs',
      reason: null,
      options: {},
      fragment: null,
      tenants: tenants.map((id) => new Types.ObjectId(id)),
      bytes: 2,
      body: Buffer.from('{}'),
      createdAt: new Date(),
    };
    await CollectorRevision.create(revision);
    await CollectorAgent.deleteMany({});
    await recordAgents([heardAgent({ shard, instanceUid: newUid(), hash, revision: 4 })]);
    return waitedFor();
  }

  it('waits for those of a group that the tenant has left for as long as they run it', async () => {
    const elsewhere = 'b'.repeat(24);
    await CollectorGroup.updateOne({ _id: 'named:listed' }, { exclusive: true });
    for (const shard of [shared, 'named:everybody', 'named:everybody:1', 'named:other']) {
      expect([shard, await runs(shard, 1, [tenant.id, elsewhere])]).toEqual([shard, 1]);
      expect([shard, await runs(shard, 2, [elsewhere])]).toEqual([shard, 0]);
    }
    // What is still its own.
    expect(await runs('named:listed', 1, [])).toBe(1);
    expect(await runs(`dedicated:${tenant.team}`, 1, [])).toBe(1);
  });

  it('waits for nobody of another shard than its own, whatever keeps them from their config', async () => {
    expect(await runs('named:everybody:1', 1, [tenant.id])).toBe(1);
    expect(await runs('named:everybody:2', 1, ['b'.repeat(24)])).toBe(0);
    expect(await runs(`${shared}:quarantine`, 1, ['b'.repeat(24)])).toBe(0);
  });

  it('waits for nobody who is dead, unless nobody could be heard for a while', async () => {
    const instanceUid = newUid();
    await recordAgents([heardAgent({ instanceUid }, 100_000)]);
    expect(await waitedFor()).toBe(0);
    expect(await waitedFor(new Date())).toBe(1);
    const goneAt = new Date();
    const gone = { shard: shared, instanceUid, process: 'test', goneAt };
    await recordGone([{ ...gone, aliveUntil: new Date(0) }]);
    expect(await waitedFor(new Date())).toBe(0);
  });
});
