import { Types } from 'mongoose';

import type { Changed } from '../../../../controllers/collectorChanges';
import { createGroup, deleteGroup, updateGroup } from '../../../../controllers/collectorGroups';
import { CollectorReader } from '../../../../controllers/collectorReader';
import {
  changeRollout,
  pauseRollout,
  resumeRollout,
} from '../../../../controllers/collectorRollouts';
import type { CollectorSnapshot } from '../../../../controllers/collectorSnapshot';
import {
  createCollectorToken,
  deleteCollectorToken,
  rotateCollectorToken,
} from '../../../../controllers/collectorTokens';
import { renewIngestionKey } from '../../../../controllers/ingestionKeys';
import {
  announceChange,
  KEPT_NOTES,
  readChanges,
  readRevision,
} from '../../../../controllers/revisions';
import CollectorQuarantine from '../../../../models/collectorQuarantine';
import CollectorRevision from '../../../../models/collectorRevision';
import Revision from '../../../../models/revision';
import Team from '../../../../models/team';
import Tenant from '../../../../models/tenant';
import { Random } from '../../../fuzz/random';
import { SHARED, textOf, World } from './world';

const world = new World();

beforeAll(() => world.open(), 120_000);
afterAll(() => world.close(), 60_000);
afterEach(() => world.clear());

const announce = (changed?: Changed) => announceChange('collectors', world.context.log, changed);
const reader = () => new CollectorReader({ config: world.config, context: world.context });

/** All of a snapshot, the order of what has one included. */
function whole(snapshot: CollectorSnapshot): object {
  const { tenants, teams, teamsOf, rollouts, groups, tokens, quarantines, derived } = snapshot;
  const sorted = (map: ReadonlyMap<string, unknown>) =>
    [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    revision: snapshot.revision,
    tenants: [...tenants],
    teams,
    teamsOf: sorted(teamsOf),
    derived: sorted(derived),
    rollouts: sorted(rollouts),
    groups: sorted(groups),
    tokens: sorted(tokens),
    quarantines: sorted(quarantines),
  };
}

const wholeNow = async () => whole((await reader().readAll()).snapshot);

/** Changes of every kind, as they are made: by what makes them, or as it would be. */
class Operators {
  private readonly tenants: string[] = [];
  private readonly tokens: string[] = [];
  private readonly groups: string[] = [];
  private made = 0;

  constructor(private readonly random: Random) {}

  async change(): Promise<string> {
    const kinds = [
      ...['create', 'create', 'suspend', 'resume', 'delete', 'erase', 'key', 'formerKey', 'target'],
      ...['passwords', 'access', 'token', 'rotate', 'revoke', 'group', 'members', 'deleteGroup'],
      ...['quarantine', 'whole', 'rollout', 'pause', 'enforce', 'many'],
    ] as const;
    const kind = kinds[this.random.below(kinds.length)]!;
    await this.make(kind);
    return kind;
  }

  private pick(list: readonly string[]): string | undefined {
    return list.length === 0 ? undefined : list[this.random.below(list.length)];
  }

  private take(list: string[]): string | undefined {
    return list.length === 0 ? undefined : list.splice(this.random.below(list.length), 1)[0];
  }

  private name(): string {
    this.made += 1;
    return `n${this.made}`;
  }

  private async tenantIs(id: string | undefined, fields: object): Promise<void> {
    if (id === undefined) return;
    await Tenant.updateOne({ _id: id }, { $set: fields });
    await announce({ tenants: [id] });
  }

  private async create(): Promise<string> {
    const id = await world.tenant(this.name());
    const team = await world.teamOf(id);
    await Tenant.updateOne({ _id: id }, { $set: { 'members.team': new Types.ObjectId(team) } });
    this.tenants.push(id);
    return id;
  }

  private async make(kind: string): Promise<void> {
    const { context } = world;
    const tenant = this.pick(this.tenants);
    switch (kind) {
      case 'create':
        return announce({ tenants: [await this.create()] });
      case 'many': {
        const ids = [];
        for (let i = 0; i < 34; i += 1) ids.push(await this.create());
        // More than one note holds, or more than are read one by one.
        if (this.random.below(2) === 0) return announce({ tenants: ids });
        for (const id of ids) await announce({ tenants: [id] });
        return;
      }
      case 'suspend':
        return this.tenantIs(tenant, { status: 'suspended' });
      case 'resume':
        return this.tenantIs(tenant, { status: 'active' });
      case 'delete':
        return this.tenantIs(this.take(this.tenants), { status: 'deleting' });
      case 'erase': {
        const gone = this.take(this.tenants);
        if (gone === undefined) return;
        const teams = await Team.find({ tenant: gone }).lean();
        await Promise.all([Team.deleteMany({ tenant: gone }), Tenant.deleteOne({ _id: gone })]);
        return announce({ tenants: [gone], teams: teams.map(({ _id }) => _id.toHexString()) });
      }
      case 'target':
        return this.tenantIs(tenant, { target: this.pick(['default', 'nowhere']) });
      case 'passwords':
        return this.tenantIs(tenant, { 'credentials.generation': this.random.below(100) + 1 });
      case 'access':
        return this.tenantIs(tenant, { 'applied.access': this.pick(['guard', 'grants']) });
      case 'key':
      case 'formerKey':
      case 'enforce': {
        const team = await Team.findOne({ tenant: tenant ?? null }).lean();
        if (!team) return;
        if (kind === 'key') {
          await Team.updateOne({ _id: team._id }, { $unset: { previousApiKeys: 1 } });
          await renewIngestionKey(team._id, undefined, context);
          return;
        }
        const fields =
          kind === 'enforce'
            ? { $set: { collectorAuthenticationEnforced: this.random.below(2) === 0 } }
            : { $unset: { previousApiKeys: 1 as const } };
        await Team.updateOne({ _id: team._id }, fields);
        return announce({ teams: [team._id.toHexString()] });
      }
      case 'token': {
        const group = { kind: 'shared', target: 'default' } as const;
        this.tokens.push((await createCollectorToken({ name: this.name(), group }, context)).id);
        return;
      }
      case 'rotate': {
        const token = this.take(this.tokens);
        if (token === undefined) return;
        this.tokens.push((await rotateCollectorToken(token, { overlapMinutes: 5 }, context)).id);
        return;
      }
      case 'revoke': {
        const token = this.take(this.tokens);
        if (token !== undefined) await deleteCollectorToken(token, context);
        return;
      }
      case 'group': {
        const name = this.name();
        const members = this.random.below(2) === 0 ? 'all' : { tenants: [] };
        const group = { name, target: 'default', members, exclusive: false } as const;
        this.groups.push((await createGroup(group, context)).id);
        return;
      }
      case 'members': {
        const group = this.pick(this.groups);
        const exclusive = this.random.below(2) === 0;
        if (group !== undefined) await updateGroup(group, { exclusive }, undefined, context);
        return;
      }
      case 'deleteGroup': {
        const group = this.take(this.groups);
        if (group !== undefined) await deleteGroup(group, context);
        return;
      }
      case 'quarantine':
        if (tenant === undefined) return;
        await CollectorQuarantine.updateOne(
          { _id: tenant },
          { target: 'default', reason: this.name(), since: new Date() },
          { upsert: true },
        );
        return announce({ quarantines: [tenant] });
      case 'whole': {
        const kept = await CollectorQuarantine.findOneAndDelete({}).lean();
        return announce({ quarantines: kept ? [kept._id.toHexString()] : [] });
      }
      case 'rollout':
        await pauseRollout(this.pick([SHARED, ...this.groups])!, context);
        return;
      case 'pause':
        await resumeRollout(this.pick([SHARED, ...this.groups])!, context);
        return;
    }
  }
}

describe('what changed', () => {
  it.each([11, 12])(
    'is read to what a full read gives, by every process, whatever the changes (seed %i)',
    async (seed) => {
      const random = new Random(seed);
      const operators = new Operators(random);
      const [eager, lazy] = [reader(), reader()];
      await Promise.all([eager.readAll(), lazy.readAll()]);
      const kinds: string[] = [];
      let partial = 0;
      for (let i = 0; i < 100; i += 1) {
        kinds.push(await operators.change());
        const all = await wholeNow();
        const { snapshot, changed } = await eager.readChanges();
        if (changed) partial += 1;
        expect({ kinds, ...whole(snapshot) }).toEqual({ kinds, ...all });
        // The other gathers several, and has read everything aside by some of them.
        if (random.below(6) === 0) await lazy.prepare();
        if (random.below(4) === 0) {
          expect({ kinds, ...whole((await lazy.readChanges()).snapshot) }).toEqual({
            kinds,
            ...all,
          });
        }
      }
      expect(whole((await lazy.readChanges()).snapshot)).toEqual(await wholeNow());
      // All but those that no note can hold.
      expect(partial).toBeGreaterThan(80);
    },
    300_000,
  );

  it('leaves all else the very same objects', async () => {
    const [acme] = [await world.tenant('acme'), await world.tenant('globex')];
    const one = reader();
    const { snapshot: before } = await one.readAll();
    const unchanged = (await one.readChanges()).snapshot;
    expect(unchanged).toEqual(before);
    await Team.updateOne({ tenant: acme }, { apiKey: 'another-key' });
    await announce({ teams: [await world.teamOf(acme)] });
    const { snapshot: after, changed } = await one.readChanges();
    expect(changed?.teams).toHaveLength(1);
    expect(after.teams.filter((team) => !before.teams.includes(team))).toMatchObject([
      { apiKey: 'another-key' },
    ]);
    for (const kind of ['tenants', 'groups', 'rollouts', 'tokens', 'derived'] as const) {
      expect(after[kind]).toBe(before[kind]);
    }
  });

  it('is no more than its documents: nobody else is asked for', async () => {
    const acme = await world.tenant('acme');
    const one = reader();
    await one.readAll();
    const scans = [jest.spyOn(Tenant, 'find'), jest.spyOn(Team, 'find')];
    await world.suspend(acme);
    await announce({ tenants: [acme] });
    const { snapshot } = await one.readChanges();
    expect(snapshot.tenants.get(acme)?.suspended).toBe(true);
    for (const scan of scans) {
      expect(scan).not.toHaveBeenCalled();
      scan.mockRestore();
    }
  });

  it('is found by reading everything aside where its writer died before it could say so', async () => {
    const [acme, globex] = [await world.tenant('acme'), await world.tenant('globex')];
    const one = reader();
    await one.readAll();
    await world.suspend(acme);
    expect((await one.readChanges()).snapshot.tenants.get(acme)?.suspended).toBe(false);
    // What changes while everything is being read is not lost over it.
    const aside = one.prepare();
    await world.suspend(globex);
    await announce({ tenants: [globex] });
    expect((await one.readChanges()).snapshot.tenants.get(globex)?.suspended).toBe(true);
    await aside;
    expect(whole((await one.readChanges()).snapshot)).toEqual(await wholeNow());
  });

  it('is everything where a change has no note, or its note is gone', async () => {
    const one = reader();
    await one.readAll();
    await announce();
    expect((await one.readChanges()).changed).toBeUndefined();
    await announce({ tenants: Array.from({ length: 33 }, () => 'f'.repeat(24)) });
    expect((await one.readChanges()).changed).toBeUndefined();
    const since = await readRevision('collectors');
    await announce({ groups: ['named:one'] });
    await announce({ groups: ['named:other'], rollouts: ['named:one'] });
    expect(await readChanges('collectors', since)).toEqual({
      revision: since + 2,
      changed: { groups: ['named:one', 'named:other'], rollouts: ['named:one'] },
    });
    await Revision.updateOne({ _id: 'collectors' }, { $inc: { revision: KEPT_NOTES - 1 } });
    await announce({ groups: ['named:last'] });
    expect((await readChanges('collectors', since)).changed).toBeUndefined();
    // Another database in the place of this one.
    await Revision.deleteMany({});
    expect(await readChanges('collectors', since)).toEqual({ revision: 0, changed: undefined });
  });

  it('is noted once for each of many processes that say so at a time', async () => {
    await announce({});
    const since = await readRevision('collectors');
    const ids = Array.from({ length: 12 }, (_, index) => `named:g${index}`);
    await Promise.all(ids.map((id) => announce({ groups: [id] })));
    const { revision, changed } = await readChanges('collectors', since);
    expect(revision).toBe(since + ids.length);
    // One that others were in the way of again and again has a number without a note.
    if (changed) expect([...(changed.groups ?? [])].sort()).toEqual([...ids].sort());
  });
});

describe('a process that knows less than another', () => {
  it('reads everything before it takes back what the other recorded', async () => {
    await world.tenant('acme');
    const globex = await world.tenant('globex');
    const [mine, other] = [await world.fleetWith(SHARED), await world.fleetWith(SHARED)];
    // Its writer died before it could say so; one process has seen it, reading everything.
    await world.suspend(globex);
    await other.refresh();
    expect(other.offerFor(SHARED, 'a')?.revision).toBe(2);
    // The other has its rollout to look at, and nothing else.
    await changeRollout(SHARED, () => ({ healthySince: null }));
    mine.start();
    await announce({ rollouts: [SHARED] });
    for (let i = 0; i < 300 && mine.offerFor(SHARED, 'a')?.revision !== 2; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(mine.offerFor(SHARED, 'a')).toEqual(other.offerFor(SHARED, 'a'));
    expect(textOf(mine.offerFor(SHARED, 'a'))).not.toContain(`clickhouse/${globex}`);
    expect(await CollectorRevision.countDocuments({ shard: SHARED })).toBe(2);
  });
});
