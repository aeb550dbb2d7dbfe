import { flushAudit } from '../../../../controllers/audit';
import { advanceRollouts } from '../../../../controllers/collectorCanaries';
import { getRevision, listRevisions } from '../../../../controllers/collectorRevisions';
import {
  pauseRollout,
  releaseRollout,
  resumeRollout,
  rolloutOf,
  rollbackRollout,
} from '../../../../controllers/collectorRollouts';
import AuditEvent from '../../../../models/auditEvent';
import CollectorAgent from '../../../../models/collectorAgent';
import CollectorRevision from '../../../../models/collectorRevision';
import { faultPoint } from '../../../../utils/faultPoint';
import type { ConfigReport } from '../../../fleet';
import type { CollectorFleet } from '../fleet';
import { fragment, SHARED, soon, textOf, World } from './world';

jest.mock('../../../../utils/faultPoint', () => ({ faultPoint: jest.fn() }));

const world = new World();
const AGENTS = Array.from({ length: 20 }, (_, i) => i.toString(16).padStart(32, '0'));
const [A, B] = AGENTS as [string, string];

beforeAll(() => world.open(), 120_000);
afterAll(() => world.close(), 60_000);
afterEach(async () => {
  jest.mocked(faultPoint).mockReset();
  await flushAudit();
  await world.clear();
});

const view = async () => (await rolloutOf([SHARED])).get(SHARED)!;
const text = (fleet: CollectorFleet, agent = A) => textOf(fleet.offerFor(SHARED, agent));
const hash = (fleet: CollectorFleet, agent = A) => fleet.offerFor(SHARED, agent)?.hashHex ?? 'none';

/** An agent speaks of the config that is meant for it. */
function report(
  fleet: CollectorFleet,
  status: ConfigReport['status'],
  { agent = A, error = '', of = hash(fleet, agent) } = {},
): void {
  fleet.reported(SHARED, agent, { hash: of, status, error });
}

/** A fleet with a config that its agents are known to run well. */
async function withGood(agents: readonly string[] = [A], fleet?: CollectorFleet) {
  const made = fleet ?? (await world.fleetWith(SHARED));
  for (const agent of agents) report(made, 'applied', { agent });
  await soon(async () => (await view()).good === (await view()).current);
  await made.refresh();
  return made;
}

async function change(name: string, ...fleets: CollectorFleet[]): Promise<void> {
  await world.group(SHARED, { fragment: fragment(name) });
  for (const fleet of fleets) await fleet.refresh();
}

describe('a config that fails', () => {
  it('is taken back at once, and never offered again, by no process', async () => {
    await world.tenant('acme');
    const tokenOf = (shard: string, agent: string) =>
      shard === SHARED && agent === A ? 'token-of-a' : undefined;
    const fleet = await withGood([A], await world.fleetWith(SHARED, { tokenOf }));
    const other = await world.fleetWith(SHARED);
    const good = hash(fleet);
    await change('bad', fleet, other);
    const bad = hash(fleet);
    expect(bad).not.toBe(good);
    report(fleet, 'failed', { error: 'no such key' });
    // In the answer to that very message.
    expect(hash(fleet)).toBe(good);
    expect(fleet.offerFor(SHARED, B)?.revision).toBe(1);
    await soon(async () => (await view()).phase === 'failed');
    expect((await view()).blocked).toMatchObject([
      { hash: bad, revision: 2, reason: 'no such key' },
    ]);
    await other.refresh();
    expect(hash(other)).toBe(good);
    const restarted = await world.fleetWith(SHARED);
    expect(hash(restarted)).toBe(good);
    const revisions = await listRevisions(SHARED);
    expect(revisions.map(({ number, state, reason }) => [number, state, reason])).toEqual([
      [2, 'failed', 'no such key'],
      [1, 'good', null],
    ]);
    await soon(async () => (await AuditEvent.countDocuments()) === 1);
    expect(await AuditEvent.findOne().lean()).toMatchObject({
      action: 'collectorRollout.fail',
      actor: { kind: 'system' },
      subject: SHARED,
      asked: { hash: bad, reason: 'no such key', agent: A, tokenId: 'token-of-a' },
    });
    expect(await world.context.metrics.render()).toMatch(
      /opamp_configs_failed_total\{group="shared",scope="group"\} [1-9]/,
    );
    // An operator who puts it back gets no further.
    await change('mended', fleet);
    expect((await view()).phase).toBe('steady');
    await change('bad', fleet);
    expect([hash(fleet), (await view()).phase]).toEqual([good, 'failed']);
  });

  it('as the first of all leaves agents with what they have', async () => {
    await world.tenant('acme');
    const fleet = await world.fleetWith(SHARED);
    report(fleet, 'failed', { error: 'broken' });
    expect(fleet.offerFor(SHARED, A)).toBeUndefined();
    await soon(async () => (await view()).phase === 'failed');
    await fleet.refresh();
    expect(fleet.offerFor(SHARED, A)).toBeUndefined();
    await change('mended', fleet);
    expect(text(fleet)).toContain('debug/mended');
  });

  it('keeps its last good one current: who is suspended is gone from it, who came is served', async () => {
    const [acme] = [await world.tenant('acme'), await world.tenant('globex')];
    const fleet = await withGood();
    await change('bad', fleet);
    report(fleet, 'failed', { error: 'broken' });
    await soon(async () => (await view()).phase === 'failed');
    await world.suspend(acme);
    await world.tenant('initech');
    await fleet.refresh();
    expect(text(fleet)).not.toContain('key-of-acme');
    expect(text(fleet)).not.toContain('debug/bad');
    expect(text(fleet)).toContain('key-of-globex');
    expect(text(fleet)).toContain('key-of-initech');
    expect((await view()).phase).toBe('failed');
    await change('mended', fleet);
    expect(text(fleet)).toContain('debug/mended');
    expect(text(fleet)).not.toContain('key-of-acme');
  });

  it('by a time-out alone has not failed where the collector becomes healthy', async () => {
    await world.tenant('acme');
    let now = Date.now();
    const context = { ...world.context, now: () => new Date(now) };
    const fleet = await world.fleetWith(SHARED, { context });
    await withGood([A], fleet);
    await change('slow', fleet);
    const slow = hash(fleet);
    fleet.health(SHARED, A, false);
    report(fleet, 'applying');
    report(fleet, 'failed', { error: 'Config apply timeout exceeded' });
    expect(hash(fleet)).toBe(slow);
    now += 30_000;
    fleet.health(SHARED, A, true);
    expect(hash(fleet)).toBe(slow);
    await soon(async () => (await view()).good === 2);
    // And has failed where it does not.
    await change('stuck', fleet);
    report(fleet, 'applying');
    fleet.health(SHARED, A, false);
    report(fleet, 'failed', { error: 'Config apply timeout exceeded' });
    fleet.start();
    now += 60_001;
    await soon(() => hash(fleet) === slow);
    await soon(async () => (await view()).phase === 'failed');
  });

  describe('while collectors are slow for another reason', () => {
    const error = 'Config apply timeout exceeded';
    let now = 0;

    /** A fleet whose clock is ours, and whose target answers as told. */
    async function slowFleet(answers: { now: boolean }) {
      await world.tenant('acme');
      now = Date.now();
      const quarantine = {
        check: () => Promise.resolve(false),
        answered: () => Promise.resolve(answers.now),
      };
      const context = { ...world.context, now: () => new Date(now) };
      const fleet = await world.fleetWith(SHARED, { context, quarantine });
      await withGood([A, B], fleet);
      fleet.start();
      return fleet;
    }

    /** Agents take up what they are offered, and are not there in time. */
    function hang(fleet: CollectorFleet, ...agents: string[]): void {
      for (const agent of agents) {
        report(fleet, 'applying', { agent });
        fleet.health(SHARED, agent, false);
        report(fleet, 'failed', { agent, error });
      }
    }

    const later = () => new Promise((resolve) => setTimeout(resolve, 2_200));

    it('is not blamed as long as their ClickHouse does not answer, and is good once it does', async () => {
      const answers = { now: false };
      const fleet = await slowFleet(answers);
      await change('innocent', fleet);
      const innocent = hash(fleet);
      hang(fleet, A, B);
      for (let i = 0; i < 3; i += 1) {
        now += 60_001;
        await later();
        expect([hash(fleet, A), hash(fleet, B)]).toEqual([innocent, innocent]);
      }
      answers.now = true;
      for (const agent of [A, B]) fleet.health(SHARED, agent, true);
      await soon(async () => (await view()).good === 2);
      expect(await view()).toMatchObject({ phase: 'steady', blocked: [] });
    });

    it('is blamed where ClickHouse answers', async () => {
      const fleet = await slowFleet({ now: true });
      const good = hash(fleet);
      await change('stuck', fleet);
      hang(fleet, A, B);
      now += 60_001;
      await soon(() => hash(fleet) === good);
      await soon(async () => (await view()).phase === 'failed');
    });

    it('is offered again where what ran well before it does not come up either', async () => {
      const fleet = await slowFleet({ now: true });
      const good = hash(fleet);
      await change('innocent', fleet);
      const innocent = hash(fleet);
      hang(fleet, A, B);
      now += 60_001;
      await soon(async () => (await view()).phase === 'failed');
      expect(hash(fleet)).toBe(good);
      hang(fleet, A, B);
      now += 60_001;
      await soon(() => hash(fleet) === innocent && hash(fleet, B) === innocent);
      expect(await view()).toMatchObject({ phase: 'steady', blocked: [] });
      await soon(async () => {
        await flushAudit();
        return (await AuditEvent.countDocuments({ action: 'collectorRollout.acquit' })) === 1;
      });
      // And stays, for as long as nothing comes up at all.
      hang(fleet, A, B);
      now += 60_001;
      await later();
      expect(hash(fleet)).toBe(innocent);
      for (const agent of [A, B]) fleet.health(SHARED, agent, true);
      await soon(async () => (await view()).good === (await view()).current);
      // From then on a slow one is blamed again.
      await change('stuck', fleet);
      hang(fleet, A, B);
      now += 60_001;
      await soon(() => hash(fleet) === innocent);
    });

    it('that ran well stays good, however many are slow with it', async () => {
      const fleet = await slowFleet({ now: true });
      const good = hash(fleet);
      hang(fleet, A, B);
      now += 60_001;
      await later();
      expect([hash(fleet, A), hash(fleet, B)]).toEqual([good, good]);
      expect(await view()).toMatchObject({ phase: 'steady', good: 1, blocked: [] });
    });
  });

  it('on one agent of many is kept from that agent alone, also by the next process', async () => {
    await world.tenant('acme');
    for (const agent of AGENTS) await world.agent(SHARED, agent);
    const fleet = await withGood(AGENTS);
    const good = hash(fleet);
    await change('new', fleet);
    for (const agent of AGENTS.slice(1)) report(fleet, 'applied', { agent });
    report(fleet, 'failed', { error: 'disk full' });
    expect(hash(fleet, A)).toBe(good);
    expect(text(fleet, B)).toContain('debug/new');
    expect((await view()).phase).toBe('steady');
    await soon(
      async () =>
        (await CollectorAgent.findById(`${SHARED}/${A}`).lean<{ blocked?: string[] }>())?.blocked
          ?.length === 1,
    );
    const restarted = await world.fleetWith(SHARED);
    expect(hash(restarted, A)).toBe(good);
    expect(text(restarted, B)).toContain('debug/new');
  });

  it('on more than a tenth of them is kept from all', async () => {
    await world.tenant('acme');
    const fleet = await withGood(AGENTS);
    const good = hash(fleet);
    await change('new', fleet);
    for (const agent of AGENTS.slice(3)) report(fleet, 'applied', { agent });
    for (const agent of AGENTS.slice(0, 2)) report(fleet, 'failed', { agent, error: 'x' });
    expect(text(fleet, AGENTS[9])).toContain('debug/new');
    report(fleet, 'failed', { agent: AGENTS[2]!, error: 'x' });
    expect(hash(fleet, AGENTS[9])).toBe(good);
    await soon(async () => (await view()).phase === 'failed');
  });

  it('is still known where MongoDB was away when it failed', async () => {
    await world.tenant('acme');
    const fleet = await withGood();
    const good = hash(fleet);
    await change('bad', fleet);
    const write = jest.mocked(faultPoint).mockImplementation((name) => {
      if (name === 'before:collectorRollout.fail') throw new Error('no database');
    });
    report(fleet, 'failed', { error: 'x' });
    await fleet.refresh();
    expect([hash(fleet), (await view()).phase]).toEqual([good, 'steady']);
    write.mockReset();
    fleet.start();
    await soon(async () => (await view()).phase === 'failed');
    expect(hash(fleet)).toBe(good);
  });
});

describe('a canary', () => {
  const policy = { canary: { count: 1 }, healthySeconds: 10, timeoutSeconds: 100 };
  const both = AGENTS.slice(0, 2);
  /** Who tries it first is drawn by lot. */
  let tries = '';
  let waits = '';
  let now = Date.now();
  const clock = () => ({ ...world.context, now: () => new Date(now) });

  async function begun(): Promise<CollectorFleet> {
    now = Date.now();
    await world.tenant('acme');
    await world.group(SHARED, { rollout: policy });
    for (const agent of both) await world.agent(SHARED, agent);
    const fleet = await withGood(both, await world.fleetWith(SHARED, { context: clock() }));
    await change('tried', fleet);
    const { canaries } = await view();
    expect(canaries).toHaveLength(1);
    tries = canaries[0]!;
    waits = both.find((agent) => agent !== tries)!;
    return fleet;
  }

  const seen = (agent: string, fields: object) => world.agent(SHARED, agent, fields);
  const advance = async (seconds: number) => {
    now += seconds * 1_000;
    await advanceRollouts(clock());
  };

  it('tries a change first; the others have it once it was healthy for the time set', async () => {
    const fleet = await begun();
    expect(text(fleet, tries)).toContain('debug/tried');
    expect(text(fleet, waits)).not.toContain('debug/tried');
    await advance(1);
    expect((await view()).phase).toBe('canary');
    await seen(tries, { hash: hash(fleet, tries), status: 'applied', healthy: true });
    await advance(1);
    await advance(9);
    expect((await view()).phase).toBe('canary');
    await advance(1);
    expect(await view()).toMatchObject({ phase: 'steady', current: 2, good: 2 });
    await fleet.refresh();
    expect(text(fleet, waits)).toContain('debug/tried');
    expect((await listRevisions(SHARED))[0]?.state).toBe('good');
  });

  it('that is not healthy in time ends the change', async () => {
    const fleet = await begun();
    const good = hash(fleet, waits);
    await advance(101);
    await fleet.refresh();
    expect(await view()).toMatchObject({ phase: 'failed', good: 1 });
    expect([hash(fleet, tries), hash(fleet, waits)]).toEqual([good, good]);
  });

  it('is waited for as long as its ClickHouse does not answer: nobody would come up in time', async () => {
    const fleet = await begun();
    let answers = false;
    const later = (seconds: number) => {
      now += seconds * 1_000;
      return advanceRollouts(clock(), new Date(0), () => Promise.resolve(answers));
    };
    await later(101);
    await later(300);
    expect((await view()).phase).toBe('canary');
    await seen(tries, { hash: hash(fleet, tries), status: 'applied', healthy: true });
    answers = true;
    await later(1);
    expect((await view()).phase).not.toBe('failed');
  });

  it('that fails ends the change at once, although others might run it', async () => {
    const fleet = await begun();
    const good = hash(fleet, waits);
    report(fleet, 'failed', { agent: tries, error: 'x' });
    expect(hash(fleet, tries)).toBe(good);
  });

  it('does not keep a suspension waiting, and no other change overtakes it', async () => {
    const fleet = await begun();
    const globex = await world.tenant('globex');
    await change('later', fleet);
    expect(text(fleet, tries)).toContain('debug/tried');
    expect(text(fleet, tries)).not.toContain('key-of-globex');
    await world.suspend(globex);
    const acme = (await CollectorRevision.findOne({ shard: SHARED }))!.tenants[0]!;
    await world.suspend(acme.toHexString() as typeof globex);
    await fleet.refresh();
    for (const agent of both) expect(text(fleet, agent)).not.toContain('key-of-acme');
    // The others are given the same as the canary, but for what is being tried.
    expect(await view()).toMatchObject({ phase: 'canary', canaries: [tries] });
    expect(text(fleet, tries)).toContain('debug/tried');
    expect(text(fleet, waits)).not.toContain('debug/tried');
  });

  it('that is gone has another one in its place; with nobody left there is none', async () => {
    await begun();
    await seen(tries, { goneAt: new Date() });
    await advance(1);
    expect((await view()).canaries).toEqual([waits]);
    await seen(waits, { goneAt: new Date() });
    await advance(1);
    expect(await view()).toMatchObject({ phase: 'steady', current: 2, good: 1 });
  });

  it('that comes and goes does not hold a change for ever: it is paused, with the reason', async () => {
    const fleet = await begun();
    const good = hash(fleet, waits);
    const gone = { goneAt: new Date() };
    let turns = 0;
    while (!(await view()).paused && turns < 10) {
      const [canary] = (await view()).canaries as [string];
      await seen(canary, gone);
      await seen(canary === A ? B : A, { goneAt: null });
      await advance(30);
      turns += 1;
    }
    // A hundred seconds are over; the second time it would have been the turn of the first one again.
    expect(turns).toBe(4);
    const { canaries, ...held } = await view();
    expect(held).toMatchObject({ phase: 'canary', paused: true, current: 2, good: 1 });
    expect(held.pauseReason).toContain('within 100 seconds');
    expect(await AuditEvent.findOne({ action: 'collectorRollout.pause' }).lean()).toMatchObject({
      actor: { kind: 'system' },
      subject: SHARED,
      asked: { revision: 2, reason: held.pauseReason },
    });
    // Nobody else is given it.
    await fleet.refresh();
    expect(hash(fleet, canaries[0] === A ? B : A)).toBe(good);
    // An operator lets it go on: it has its time once more.
    expect(await resumeRollout(SHARED, clock())).toMatchObject({
      paused: false,
      pauseReason: null,
    });
    await advance(30);
    const [canary] = (await view()).canaries as [string];
    await seen(canary, {
      hash: hash(fleet, canaries[0]),
      status: 'applied',
      healthy: true,
      goneAt: null,
    });
    await advance(1);
    await advance(10);
    expect(await view()).toMatchObject({ phase: 'steady', current: 2, good: 2 });
  });

  it('is waited for just after a start of ours, when nobody is connected yet', async () => {
    await begun();
    for (const agent of both) await seen(agent, { aliveUntil: new Date(0) });
    const startedAt = new Date(now);
    now += 60_000;
    await advanceRollouts(clock(), startedAt);
    expect((await view()).phase).toBe('canary');
    now += 31_000;
    await advanceRollouts(clock(), startedAt);
    expect((await view()).phase).toBe('steady');
  });

  it('goes no further while an operator pauses it', async () => {
    const fleet = await begun();
    await pauseRollout(SHARED, clock());
    await seen(tries, { hash: hash(fleet, tries), status: 'applied', healthy: true });
    await advance(200);
    expect((await view()).phase).toBe('canary');
    await resumeRollout(SHARED, clock());
    await advance(1);
    await advance(10);
    expect((await view()).phase).toBe('steady');
  });

  it('may be a share of the agents that are connected', async () => {
    await world.tenant('acme');
    await world.group(SHARED, { rollout: { ...policy, canary: { percent: 10 } } });
    for (const agent of AGENTS) await world.agent(SHARED, agent);
    const fleet = await withGood(AGENTS);
    await change('tried', fleet);
    const { canaries } = await view();
    expect(new Set(canaries).size).toBe(2);
    expect(AGENTS).toEqual(expect.arrayContaining(canaries));
  });
});

describe('an operator', () => {
  it('pauses changes; keys that are gone, go', async () => {
    const acme = await world.tenant('acme');
    const fleet = await withGood();
    await pauseRollout(SHARED, world.context);
    await world.tenant('globex');
    await world.suspend(acme);
    await change('later', fleet);
    expect(text(fleet)).not.toContain('key-of-acme');
    expect(text(fleet)).not.toContain('debug/later');
    expect(text(fleet)).not.toContain('key-of-globex');
    await resumeRollout(SHARED, world.context);
    await fleet.refresh();
    expect(text(fleet)).toContain('debug/later');
    expect(text(fleet)).toContain('key-of-globex');
  });

  it('goes back to settings and tenants of a revision, never to a tenant suspended since', async () => {
    const [acme] = [await world.tenant('acme'), await world.tenant('globex')];
    const fleet = await withGood();
    await change('second', fleet);
    await world.suspend(acme);
    await world.tenant('initech');
    await fleet.refresh();
    const pinned = await rollbackRollout(SHARED, 1, world.context);
    expect(pinned.pinned).toBe(1);
    await fleet.refresh();
    expect(text(fleet)).not.toContain('debug/second');
    expect(text(fleet)).not.toContain('key-of-acme');
    expect(text(fleet)).not.toContain('key-of-initech');
    expect(text(fleet)).toContain('key-of-globex');
    const [newest] = await listRevisions(SHARED);
    expect(newest).toMatchObject({ number: 4, cause: 'rollback', tenants: 1 });
    // What changes meanwhile waits.
    await change('third', fleet);
    expect(text(fleet)).not.toContain('debug/third');
    await releaseRollout(SHARED, world.context);
    await fleet.refresh();
    expect(text(fleet)).toContain('debug/third');
    expect(text(fleet)).toContain('key-of-initech');
  });

  it('cannot go back to what failed, nor to what is not there', async () => {
    await world.tenant('acme');
    const fleet = await withGood();
    await change('bad', fleet);
    report(fleet, 'failed', { error: 'x' });
    await soon(async () => (await view()).phase === 'failed');
    await expect(rollbackRollout(SHARED, 2, world.context)).rejects.toMatchObject({
      code: 'invalid_request',
    });
    await expect(rollbackRollout(SHARED, 9, world.context)).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it('cannot go back to what is about to be taken away, and keeps what they went back to', async () => {
    await world.tenant('acme');
    const fleet = await withGood();
    const failing = jest.mocked(faultPoint).mockImplementation((name) => {
      if (name === 'written:collectorRevision.document') throw new Error('killed');
    });
    // Nothing is taken away: who would have done it was killed each time.
    for (let i = 2; i <= 23; i += 1) {
      await world.group(SHARED, { fragment: fragment(`n${i}`) });
      await fleet.refresh().catch(() => undefined);
    }
    expect(await CollectorRevision.countDocuments()).toBe(23);
    failing.mockReset();
    await expect(rollbackRollout(SHARED, 3, world.context)).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('Revision 3 is kept no longer') as string,
    });
    // The first is in use, as the good one.
    await rollbackRollout(SHARED, 1, world.context);
    await releaseRollout(SHARED, world.context);
    await rollbackRollout(SHARED, 4, world.context);
    await fleet.refresh();
    for (let i = 0; i < 3; i += 1) {
      const tenant = await world.tenant(`t${i}`);
      await world.suspend(tenant);
      await fleet.refresh();
    }
    expect(text(fleet)).toContain('debug/n4');
    expect((await listRevisions(SHARED)).map(({ number }) => number)).toContain(4);
  });

  it('is served nothing else where what they went back to is lost', async () => {
    const acme = await world.tenant('acme');
    await world.tenant('globex');
    const fleet = await withGood();
    await change('second', fleet);
    await rollbackRollout(SHARED, 1, world.context);
    await fleet.refresh();
    await CollectorRevision.deleteOne({ shard: SHARED, number: 1 });
    await change('third');
    const next = await world.fleetWith(SHARED);
    expect(text(next)).not.toMatch(/debug\/(second|third)/);
    await world.suspend(acme);
    await next.refresh();
    expect(text(next)).not.toContain('key-of-acme');
    expect(text(next)).toContain('key-of-globex');
    await releaseRollout(SHARED, world.context);
    await next.refresh();
    expect(text(next)).toContain('debug/third');
  });

  it('sees how a revision differs from the one before, without secrets', async () => {
    await world.tenant('acme');
    const fleet = await world.fleetWith(SHARED);
    await change('second', fleet);
    const { diff, config, fragment: written } = await getRevision(SHARED, 2);
    expect(written).toBe(fragment('second'));
    expect(diff).toContain('+    "debug/second": {}');
    expect(`${diff}${config}`).not.toContain('key-of-acme');
    expect((await getRevision(SHARED, 1)).diff).toBeNull();
  });

  it('finds the last twenty revisions, and those in use', async () => {
    await world.tenant('acme');
    const fleet = await withGood();
    for (let i = 0; i < 24; i += 1) await change(`number${i}`, fleet);
    const numbers = (await listRevisions(SHARED)).map(({ number }) => number);
    expect(numbers).toEqual([...Array.from({ length: 20 }, (_, i) => 25 - i), 1]);
    expect((await view()).good).toBe(1);
  });
});

describe('a process that dies over recording a revision', () => {
  it.each([
    'before:collectorRevision.rollout',
    'after:collectorRevision.rollout',
    'after:collectorRevision.document',
  ])('at %s leaves it to the next one: recorded once, and whole', async (point) => {
    await world.tenant('acme');
    jest.mocked(faultPoint).mockImplementation((name) => {
      if (name === point) throw new Error('killed');
    });
    const dying = await world.fleetWith(SHARED);
    // It was offered to nobody.
    expect(dying.offerFor(SHARED, A)).toBeUndefined();
    jest.mocked(faultPoint).mockReset();
    const next = await world.fleetWith(SHARED);
    expect(next.offerFor(SHARED, A)?.revision).toBe(1);
    const revisions = await CollectorRevision.find().lean();
    expect(revisions.map(({ _id, hash: of }) => [_id, of])).toEqual([[`${SHARED}#1`, hash(next)]]);
    await withGood([A], next);
    expect((await view()).good).toBe(1);
  });

  it('over a failure leaves agents with the last good one', async () => {
    await world.tenant('acme');
    const fleet = await withGood();
    const good = hash(fleet);
    await change('bad', fleet);
    jest.mocked(faultPoint).mockImplementation((name) => {
      if (name === 'after:collectorRollout.fail') throw new Error('killed');
    });
    report(fleet, 'failed', { error: 'x' });
    await soon(async () => (await view()).phase === 'failed');
    jest.mocked(faultPoint).mockReset();
    expect(hash(await world.fleetWith(SHARED))).toBe(good);
    // And what it left to be noted is.
    expect((await listRevisions(SHARED)).map(({ state, reason }) => [state, reason])).toEqual([
      ['failed', 'x'],
      ['good', null],
    ]);
  });
});

describe('processes that make different things of the same', () => {
  it('do not record them over each other for ever', async () => {
    await world.tenant('acme');
    const config = { ...world.config, collectorMemoryLimitMiB: 4_000 };
    const one = await world.fleetWith(SHARED);
    const other = await world.fleetWith(SHARED, { config });
    for (let i = 0; i < 20; i += 1) {
      await one.refresh();
      await other.refresh();
    }
    expect(text(one)).not.toBe('nothing');
    expect(text(other)).not.toBe('nothing');
    expect((await view()).current).toBeLessThan(10);
    // What changes afterwards is recorded again.
    await change('later', one, other);
    expect(text(one)).toContain('debug/later');
    expect((await getRevision(SHARED, (await view()).current!)).config).toContain('debug/later');
  });
});
