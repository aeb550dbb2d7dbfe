import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';

import { useServer } from '../../fixtures';
import AuditEvent from '../../models/auditEvent';
import CollectorAgent from '../../models/collectorAgent';
import type { ICollectorAgent } from '../../models/collectorAgent';
import CollectorEffectiveConfig from '../../models/collectorEffectiveConfig';
import CollectorToken from '../../models/collectorToken';
import { createLogger } from '../../utils/logger';
import {
  agentKey,
  eraseAgents,
  findMoves,
  forgetOldCollectors,
  forgetSurplus,
  recordAgents,
  recordEffectiveConfigs,
  recordGone,
  recordMove,
} from '../collectorAgents';
import { createContext } from '../context';
import type { Context } from '../context';
import { heardAgent } from './heardAgent';

const { server } = useServer();
let context: Context;

const newUid = (): string => randomBytes(16).toString('hex');
const shared = 'shared:default';
const stored = (instanceUid: string, shard = shared) =>
  CollectorAgent.findById(agentKey({ shard, instanceUid })).lean<ICollectorAgent>();

beforeAll(() => {
  context = createContext(server.config, createLogger('silent'));
});

afterAll(() => context.targets.close());

afterEach(async () => {
  await CollectorAgent.deleteMany({});
  await CollectorEffectiveConfig.deleteMany({});
});

describe('recordAgents', () => {
  it('keeps since when an agent is known, and since when its health is as it is', async () => {
    const instanceUid = newUid();
    await recordAgents([heardAgent({ instanceUid }, 60_000)]);
    const first = await stored(instanceUid);
    expect(first?.healthyChangedAt).toEqual(first?.firstHeardAt);
    await recordAgents([heardAgent({ instanceUid }, 30_000)]);
    expect(await stored(instanceUid)).toMatchObject({
      firstHeardAt: first?.firstHeardAt,
      healthyChangedAt: first?.healthyChangedAt,
    });
    // Another process that never heard of it before finds it otherwise.
    await recordAgents([heardAgent({ instanceUid, healthy: false })]);
    const changed = await stored(instanceUid);
    expect(changed?.firstHeardAt).toEqual(first?.firstHeardAt);
    expect(changed?.healthyChangedAt).toEqual(changed?.heardAt);
  });

  it('leaves what another process knows alone where it is certain only that the agent lives', async () => {
    const instanceUid = newUid();
    const presence = (more: Partial<ICollectorAgent>) => ({
      ...heardAgent({ instanceUid, hash: null, state: 'behind', revision: 0, ...more }),
      isPresence: true,
    });
    await recordAgents([presence({ process: 'first' })]);
    expect(await stored(instanceUid)).toMatchObject({ state: 'behind', process: 'first' });
    await recordAgents([heardAgent({ instanceUid, hash: 'h1', revision: 7, process: 'second' })]);
    await recordAgents([presence({ process: 'first', healthy: null })]);
    expect(await stored(instanceUid)).toMatchObject({
      process: 'first',
      hash: 'h1',
      state: 'in_step',
      revision: 7,
      healthy: true,
    });
  });

  it('leaves configs alone that the agent is never to be offered again', async () => {
    const instanceUid = newUid();
    await recordAgents([heardAgent({ instanceUid })]);
    await CollectorAgent.updateOne({ instanceUid }, { $addToSet: { blocked: 'h1' } });
    await recordAgents([heardAgent({ instanceUid, hash: 'h2' })]);
    expect(await stored(instanceUid)).toMatchObject({ hash: 'h2', blocked: ['h1'] });
  });

  it('only the process that an agent speaks to says that it is gone', async () => {
    const instanceUid = newUid();
    const now = new Date();
    const gone = { shard: shared, instanceUid, goneAt: now, aliveUntil: now };
    await recordAgents([heardAgent({ instanceUid, process: 'second' })]);
    await recordGone([{ ...gone, process: 'first' }]);
    expect((await stored(instanceUid))?.goneAt).toBeNull();
    await recordGone([{ ...gone, process: 'second' }]);
    expect((await stored(instanceUid))?.goneAt).toEqual(now);
    await recordAgents([heardAgent({ instanceUid, process: 'second' })]);
    expect((await stored(instanceUid))?.goneAt).toBeNull();
    // Of one that is not known nothing is made up.
    await recordGone([{ ...gone, instanceUid: newUid(), process: 'second' }]);
    expect(await CollectorAgent.countDocuments()).toBe(1);
  });
});

describe('an agent that comes with another token', () => {
  it('is ended where it was, with an event', async () => {
    const instanceUid = newUid();
    await recordAgents([
      heardAgent({ instanceUid }),
      heardAgent({ instanceUid, shard: 'named:eu' }),
    ]);
    const body = gzipSync('x');
    const text = { body, size: 1, at: new Date(), forgetAt: new Date(Date.now() + 60_000) };
    await recordEffectiveConfigs([
      { _id: agentKey({ shard: shared, instanceUid }), ...text },
      { _id: agentKey({ shard: 'named:eu', instanceUid }), ...text },
    ]);
    await recordMove({ instanceUid, from: shared, to: 'named:eu' }, context);
    expect(await stored(instanceUid)).toBeNull();
    expect(await stored(instanceUid, 'named:eu')).not.toBeNull();
    expect(await CollectorEffectiveConfig.distinct('_id')).toEqual([`named:eu/${instanceUid}`]);
    expect(await AuditEvent.findOne({ subject: instanceUid }).lean()).toMatchObject({
      action: 'collectorAgent.move',
      actor: { kind: 'system', id: 'opamp' },
      asked: { instanceUid, from: shared, to: 'named:eu' },
    });
  });

  it('has moved where it was not heard of any more; one that lives in both places has not', async () => {
    const at = new Date(Date.now() - 120_000);
    const [moved, twice, back] = [newUid(), newUid(), newUid()];
    const arrived = [moved, twice, back].map((instanceUid) => ({
      shard: 'named:eu',
      instanceUid,
      at,
    }));
    await recordAgents([
      ...arrived.map((place) => heardAgent(place)),
      heardAgent({ instanceUid: moved }, 150_000),
      heardAgent({ instanceUid: twice }, 10_000),
      // It was elsewhere after it had arrived here.
      heardAgent({ instanceUid: back }, 100_000),
    ]);
    expect(await findMoves(arrived, context)).toEqual([
      { instanceUid: moved, from: shared, to: 'named:eu' },
    ]);
  });
});

it('agents that are gone are forgotten early where a shard has too many, those heard of least lately first', async () => {
  const gone = (more: Partial<ICollectorAgent>, silentMs: number) =>
    heardAgent({ instanceUid: newUid(), aliveUntil: new Date(0), ...more }, silentMs);
  const kept = [gone({}, 1_000), gone({}, 2_000), heardAgent({ instanceUid: newUid() }, 9_000)];
  const others = [gone({ shard: 'named:eu' }, 8_000), gone({ shard: 'named:eu' }, 9_000)];
  const lost = [gone({}, 3_000), gone({}, 4_000), gone({}, 5_000)];
  await recordAgents([...lost, ...others, ...kept]);
  const text = { body: gzipSync('x'), size: 1, at: new Date(), forgetAt: new Date() };
  await recordEffectiveConfigs(lost.map((agent) => ({ _id: agentKey(agent), ...text })));
  await forgetSurplus(context, { remembered: 8, goneOfShard: 2 });
  expect(await CollectorAgent.countDocuments()).toBe(8);
  await forgetSurplus(context, { remembered: 7, goneOfShard: 2 });
  const left = await CollectorAgent.distinct('instanceUid');
  expect(left.sort()).toEqual([...kept, ...others].map(({ instanceUid }) => instanceUid).sort());
  expect(await CollectorEffectiveConfig.countDocuments()).toBe(0);
});

it('all that is known of agents whose time is over is forgotten, and tokens that were revoked long ago', async () => {
  const [old, young] = [newUid(), newUid()];
  const past = new Date(Date.now() - 1_000);
  await recordAgents([
    heardAgent({ instanceUid: old, forgetAt: past }),
    heardAgent({ instanceUid: young }),
  ]);
  const text = { body: gzipSync('x'), size: 1, at: past };
  await recordEffectiveConfigs([{ _id: `${shared}/${old}`, ...text, forgetAt: past }]);
  const day = 86_400_000;
  const ago = (days: number): Date => new Date(Date.now() - days * day);
  const group = { kind: 'shared', target: 'default' } as const;
  const token = (name: string, more: object) => ({ name, hash: newUid(), group, ...more });
  await CollectorToken.create([
    token('revoked long ago', { revokedAt: ago(31) }),
    token('revoked', { revokedAt: ago(29) }),
    token('replaced long ago', { expiresAt: ago(31) }),
    token('to be replaced', { expiresAt: new Date(Date.now() + day) }),
    token('good', {}),
  ]);
  await forgetOldCollectors(30, context);
  expect(await CollectorAgent.distinct('instanceUid')).toEqual([young]);
  expect(await CollectorEffectiveConfig.countDocuments()).toBe(0);
  expect((await CollectorToken.distinct('name')).sort()).toEqual([
    'good',
    'revoked',
    'to be replaced',
  ]);
  expect(await eraseAgents([agentKey({ shard: shared, instanceUid: young })])).toBe(1);
});
