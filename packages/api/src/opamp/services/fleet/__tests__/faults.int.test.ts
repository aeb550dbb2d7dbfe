import { flushAudit } from '../../../../controllers/audit';
import { retryRollout, rolloutOf } from '../../../../controllers/collectorRollouts';
import CollectorAgent from '../../../../models/collectorAgent';
import CollectorGroup from '../../../../models/collectorGroup';
import CollectorRevision from '../../../../models/collectorRevision';
import CollectorRollout from '../../../../models/collectorRollout';
import type { ConfigReport } from '../../../fleet';
import { STUMBLE_MS } from '../agentHolds';
import type { CollectorFleet } from '../fleet';
import { fragment, SHARED, soon, textOf, World } from './world';

const world = new World();
const AGENTS = Array.from({ length: 20 }, (_, i) => i.toString(16).padStart(32, '0'));
const [A, B] = AGENTS as [string, string];
const EDGE = 'named:edge';

beforeAll(() => world.open(), 120_000);
afterAll(() => world.close(), 60_000);
afterEach(async () => {
  jest.restoreAllMocks();
  await flushAudit();
  await world.clear();
});

const view = async (shard = SHARED) => (await rolloutOf([shard])).get(shard)!;

function report(
  fleet: CollectorFleet,
  status: ConfigReport['status'],
  { agent = A, shard = SHARED, error = '', of = fleet.offerFor(shard, agent)?.hashHex ?? '' } = {},
): void {
  fleet.reported(shard, agent, { hash: of, status, error });
}

/** A fleet whose agents run the config of a shard well. */
async function withGood(agents: readonly string[] = [A], shard = SHARED): Promise<CollectorFleet> {
  const fleet = await world.fleetWith(shard);
  for (const agent of agents) report(fleet, 'applied', { agent, shard });
  await soon(async () => (await view(shard)).good !== null);
  await fleet.refresh();
  return fleet;
}

describe('what is wrong with one group', () => {
  it('costs the others nothing: a last good fragment that is no longer taken', async () => {
    const acme = await world.tenant('acme');
    await world.group(EDGE, {
      target: 'default',
      members: { tenants: [acme] as never },
      fragment: fragment('good'),
    });
    const fleet = await withGood([A], EDGE);
    await fleet.ensure(SHARED);
    await world.group(EDGE, { fragment: fragment('bad') });
    await fleet.refresh();
    // As another version of ours may find.
    await CollectorRevision.updateOne({ shard: EDGE, number: 1 }, { fragment: 'exporters: []' });
    const restarted = await world.fleetWith(EDGE);
    await restarted.ensure(SHARED);
    report(restarted, 'failed', { shard: EDGE, error: 'x' });
    expect(restarted.offerFor(EDGE, A)).toBeUndefined();
    await soon(async () => (await view(EDGE)).phase === 'failed');
    await world.tenant('globex');
    await restarted.refresh();
    expect(textOf(restarted.offerFor(SHARED, A))).toContain('key-of-globex');
  });

  it('costs the others nothing: a revision that cannot be written', async () => {
    const acme = await world.tenant('acme');
    const fleet = await world.fleet();
    // More than are worked on at once, before the one that is well.
    const broken = Array.from({ length: 10 }, (_, i) => `${EDGE}${i}`);
    for (const id of broken) {
      await world.group(id, { target: 'default', members: { tenants: [acme] as never } });
    }
    await fleet.refresh();
    for (const id of [...broken, SHARED]) await fleet.ensure(id);
    const create = CollectorRevision.create.bind(CollectorRevision) as (doc: object) => unknown;
    jest.spyOn(CollectorRevision, 'create').mockImplementation(((doc: { shard: string }) => {
      if (broken.includes(doc.shard)) return Promise.reject(new Error('the document is too large'));
      return create(doc);
    }) as never);
    for (const id of broken) await world.group(id, { fragment: fragment('large') });
    await world.group(SHARED, { fragment: fragment('small') });
    await fleet.refresh();
    expect(textOf(fleet.offerFor(SHARED, A))).toContain('debug/small');
    expect(textOf(fleet.offerFor(broken[0]!, A))).not.toContain('debug/large');
  });
});

describe('a group', () => {
  it('made again under its name knows nothing of the one before', async () => {
    const acme = await world.tenant('acme');
    const globex = await world.tenant('globex');
    const make = (tenant: string, name: string) =>
      world.group(EDGE, {
        target: 'default',
        members: { tenants: [tenant] as never },
        fragment: fragment(name),
      });
    await make(acme, 'first');
    const fleet = await withGood([A], EDGE);
    await make(acme, 'second');
    await fleet.refresh();
    report(fleet, 'failed', { shard: EDGE, error: 'x' });
    await soon(async () => (await view(EDGE)).phase === 'failed');
    await fleet.refresh();
    // Between two looks of this process.
    await CollectorGroup.deleteOne({ _id: EDGE });
    await CollectorRollout.deleteMany({ _id: EDGE });
    await CollectorRevision.deleteMany({ shard: EDGE });
    await make(globex, 'third');
    await fleet.refresh();
    expect(textOf(fleet.offerFor(EDGE, A))).toContain('debug/third');
    expect(await view(EDGE)).toMatchObject({ phase: 'steady', current: 1, blocked: [] });
  });
});

describe('one agent that fails', () => {
  it.each(['ran before', 'is the first'])(
    'by a crash with queues on disk tries a config twice that %s',
    async (kind) => {
      await world.tenant('acme');
      await world.group(SHARED, { options: { queue: { storageDirectory: '/queues' } } });
      let now = Date.now();
      const context = { ...world.context, now: () => new Date(now) };
      const fleet = await world.fleetWith(SHARED, { context });
      if (kind === 'ran before') {
        report(fleet, 'applied');
        await soon(async () => (await view()).good !== null);
        await world.group(SHARED, { fragment: fragment('next') });
        await fleet.refresh();
      }
      const next = fleet.offerFor(SHARED, A)!.hashHex;
      const crash = { of: next, error: 'Agent exited unexpectedly with exit code 2' };
      report(fleet, 'failed', crash);
      expect(fleet.offerFor(SHARED, A)?.hashHex).not.toBe(next);
      expect(fleet.offerFor(SHARED, B)?.hashHex).toBe(next);
      expect((await view()).phase).toBe('steady');
      now += STUMBLE_MS;
      fleet.start();
      await soon(() => fleet.offerFor(SHARED, A)?.hashHex === next);
      report(fleet, 'applying', { of: next });
      report(fleet, 'failed', crash);
      await soon(async () => (await view()).phase === 'failed');
      expect(fleet.offerFor(SHARED, B)?.hashHex).not.toBe(next);
    },
  );

  it.each([
    ['by a crash with queues in memory', {}, 2],
    ['since it cannot run it', { queue: { storageDirectory: '/queues' } }, 1],
  ])('%s fails its config at once', async (_, options, code) => {
    await world.tenant('acme');
    await world.group(SHARED, { options });
    const fleet = await withGood();
    await world.group(SHARED, { fragment: fragment('next') });
    await fleet.refresh();
    report(fleet, 'failed', { error: `Agent exited unexpectedly with exit code ${code}` });
    await soon(async () => (await view()).phase === 'failed');
  });

  it('first of all after a restart takes a config that runs well from nobody else', async () => {
    await world.tenant('acme');
    for (const agent of AGENTS) await world.agent(SHARED, agent);
    const before = await withGood(AGENTS);
    const good = before.offerFor(SHARED, A)?.hashHex;
    const restarted = await world.fleetWith(SHARED);
    report(restarted, 'failed', { error: 'disk full' });
    report(restarted, 'applied', { agent: B });
    expect(restarted.offerFor(SHARED, A)).toBeUndefined();
    expect(restarted.offerFor(SHARED, B)?.hashHex).toBe(good);
    await flushAudit();
    expect(await view()).toMatchObject({ phase: 'steady', blocked: [] });
  });

  it('is known after a restart to have run its config before it said applied', async () => {
    await world.tenant('acme');
    const of = 'ab'.repeat(32);
    const running = { hash: of, status: 'applying', state: 'in_step' } as const;
    await world.agent(SHARED, A, running);
    await world.agent(SHARED, B, { ...running, state: 'applying' });
    await world.agent(EDGE, A, { ...running, hash: 'cd'.repeat(32) });
    const restarted = await world.fleetWith(SHARED);
    expect(restarted.ranBefore(SHARED, A, of)).toBe(true);
    expect(restarted.ranBefore(SHARED, A, 'cd'.repeat(32))).toBe(false);
    expect(restarted.ranBefore(SHARED, B, of)).toBe(false);
  });

  it('again and again is written down once', async () => {
    await world.tenant('acme');
    for (const agent of AGENTS) await world.agent(SHARED, agent);
    const fleet = await withGood(AGENTS);
    const of = fleet.offerFor(SHARED, A)!.hashHex;
    const write = jest.spyOn(CollectorAgent, 'findOneAndUpdate');
    for (let i = 0; i < 50; i += 1) {
      report(fleet, 'failed', { of, error: `${i}` });
      report(fleet, 'applied', { of });
    }
    expect(write).toHaveBeenCalledTimes(1);
  });

  it('keeps no more than its last configs in mind', async () => {
    await world.tenant('acme');
    for (const agent of AGENTS) await world.agent(SHARED, agent);
    const fleet = await withGood(AGENTS);
    for (let i = 0; i < 8; i += 1) {
      await world.group(SHARED, { fragment: fragment(`n${i}`) });
      await fleet.refresh();
      const of = fleet.offerFor(SHARED, B)!.hashHex;
      for (const agent of AGENTS.slice(1)) report(fleet, 'applied', { agent, of });
      report(fleet, 'failed', { of, error: 'disk full' });
      await soon(
        async () => (await CollectorAgent.exists({ instanceUid: A, blocked: of })) !== null,
      );
    }
    await soon(
      async () => (await CollectorAgent.findById(`${SHARED}/${A}`).lean())!.blocked.length === 5,
    );
  });
});

describe('configs that one agent blocked for all', () => {
  it('are tried again when an operator says so', async () => {
    await world.tenant('acme');
    const fleet = await withGood();
    const other = await world.fleetWith(SHARED);
    await world.group(SHARED, { fragment: fragment('slandered') });
    await fleet.refresh();
    report(fleet, 'failed', { error: 'I do not like it' });
    await soon(async () => (await view()).phase === 'failed');
    await Promise.all([fleet.refresh(), other.refresh()]);
    expect(textOf(other.offerFor(SHARED, B))).not.toContain('debug/slandered');
    expect(await retryRollout(SHARED, world.context)).toMatchObject({ blocked: [] });
    await Promise.all([fleet.refresh(), other.refresh()]);
    for (const process of [fleet, other]) {
      expect(textOf(process.offerFor(SHARED, B))).toContain('debug/slandered');
    }
    expect(await view()).toMatchObject({ phase: 'steady', blocked: [] });
    // It may fail once more.
    report(fleet, 'failed', { agent: B, error: 'really' });
    expect(textOf(fleet.offerFor(SHARED, B))).not.toContain('debug/slandered');
    await soon(async () => (await view()).phase === 'failed');
  });

  it('are tried again also where there was never a good one', async () => {
    await world.tenant('acme');
    const fleet = await world.fleetWith(SHARED);
    report(fleet, 'failed', { error: 'x' });
    await soon(async () => (await view()).phase === 'failed');
    await retryRollout(SHARED, world.context);
    await fleet.refresh();
    expect(textOf(fleet.offerFor(SHARED, A))).toContain('key-of-acme');
  });
});
