import { getRevision, listRevisions } from '../../../../controllers/collectorRevisions';
import { hashToken } from '../../../../utils/secrets';
import CollectorQuarantine from '../../../../models/collectorQuarantine';
import CollectorRevision from '../../../../models/collectorRevision';
import CollectorRollout from '../../../../models/collectorRollout';
import CollectorToken from '../../../../models/collectorToken';
import Team from '../../../../models/team';
import mongoose from 'mongoose';
import { fragment, SHARED, soon, textOf, World } from './world';

const world = new World();

beforeAll(() => world.open(), 120_000);
afterAll(() => world.close(), 60_000);
afterEach(() => world.clear());

describe('the configs on offer', () => {
  it('are recorded once, and the same in every process', async () => {
    await world.tenant('acme');
    const [one, other] = [await world.fleet(), await world.fleet()];
    await Promise.all([one.ensure(SHARED), other.ensure(SHARED)]);
    const offers = [one, other].map((fleet) => fleet.offerFor(SHARED, 'a'));
    expect(offers[0]).toEqual(offers[1]);
    expect(offers[0]).toMatchObject({ shard: SHARED, revision: 1 });
    expect(textOf(offers[0])).toContain('key-of-acme');
    expect(offers[0]?.requires['exporters']).toContain('clickhouse');
    const [revision, ...more] = await CollectorRevision.find().lean();
    expect(more).toEqual([]);
    expect(revision).toMatchObject({ number: 1, hash: offers[0]?.hashHex, state: 'offered' });
    // Nothing is recorded anew by a process that comes later.
    const later = await world.fleetWith(SHARED);
    expect(later.offerFor(SHARED, 'a')).toEqual(offers[0]);
    expect((await CollectorRollout.findById(SHARED).lean())?.version).toBe(1);
  });

  it('hold no secret where they are recorded', async () => {
    const acme = await world.tenant('acme');
    const fleet = await world.fleetWith(SHARED);
    const text = textOf(fleet.offerFor(SHARED, 'a'));
    const password = world.context.keyring.password(acme, 'writer', world.context.keyring.first());
    expect(text).toContain(password);
    const stored = JSON.stringify(await CollectorRevision.find().lean());
    expect(stored).not.toContain(password);
    const { body } = (await CollectorRevision.findOne())!;
    const { gunzipSync } = await import('node:zlib');
    const readable = gunzipSync(body).toString();
    expect(readable).toContain(`clickhouse/${acme}`);
    expect(readable).not.toContain(password);
    expect(readable).not.toContain('key-of-acme');
  });

  it('reach every process, whoever changed what they are made from', async () => {
    await world.tenant('acme');
    const fleet = await world.fleetWith(SHARED, { pollMs: 20, gatherMs: 1 });
    fleet.start();
    const told: string[] = [];
    fleet.onChange((shards) => told.push(...(shards ?? [])));
    await world.tenant('globex');
    await world.announceFromElsewhere();
    await soon(() => textOf(fleet.offerFor(SHARED, 'a')).includes('key-of-globex'));
    expect(fleet.offerFor(SHARED, 'a')?.revision).toBe(2);
    expect(fleet.revision).toBe(1);
    await soon(() => told.includes(SHARED));
    const revisions = await listRevisions(SHARED);
    expect(revisions.map(({ number, state }) => [number, state])).toEqual([
      [2, 'offered'],
      [1, 'superseded'],
    ]);
    const { state } = await getRevision(SHARED, 1);
    expect(state).toBe('superseded');
  });

  it('of a group that there is not are none, and asking again costs nothing', async () => {
    const fleet = await world.fleetWith('named:nobody');
    expect(fleet.offerFor('named:nobody', 'a')).toBeUndefined();
    expect(fleet.ensure('named:nobody')).toBeUndefined();
  });

  it('are the same objects while nothing changes, whatever else does', async () => {
    const [acme, globex] = [await world.tenant('acme'), await world.tenant('globex')];
    const [mine, theirs] = await Promise.all(
      [acme, globex].map(async (id) => `dedicated:${await world.teamOf(id)}`),
    );
    const fleet = await world.fleetWith(mine!);
    await fleet.ensure(theirs!);
    const before = [mine!, theirs!].map((shard) => fleet.offerFor(shard, 'a')?.wire);
    await Team.updateOne({ apiKey: 'key-of-globex' }, { apiKey: 'another-key' });
    await fleet.refresh();
    expect(fleet.offerFor(mine!, 'a')?.wire).toBe(before[0]);
    expect(textOf(fleet.offerFor(theirs!, 'a'))).toContain('another-key');
  });

  it('stay while MongoDB cannot be read', async () => {
    await world.tenant('acme');
    const fleet = await world.fleetWith(SHARED);
    const before = fleet.offerFor(SHARED, 'a');
    const find = jest.spyOn(Team, 'find').mockImplementation(() => {
      throw new Error('no database');
    });
    await fleet.refresh();
    find.mockRestore();
    expect([fleet.ready, fleet.offerFor(SHARED, 'a')]).toEqual([true, before]);
  });

  it('are look-ups: no number of agents or tenants makes a query', async () => {
    const acme = await world.tenant('acme');
    const shard = `dedicated:${await world.teamOf(acme)}`;
    const fleet = await world.fleetWith(shard);
    const queries: string[] = [];
    mongoose.set('debug', (collection: string, method: string) =>
      queries.push(`${collection}.${method}`),
    );
    for (let i = 0; i < 1_000; i += 1) {
      fleet.admit(hashToken(world.config.collectorToken!));
      void fleet.ensure(shard);
      fleet.offerFor(shard, `agent${i}`);
      fleet.reported(shard, `agent${i}`, { hash: 'other', status: 'applied', error: '' });
      fleet.health(shard, `agent${i}`, true);
    }
    mongoose.set('debug', false);
    expect(queries).toEqual([]);
  });
});

describe('who is let in', () => {
  it('is who holds a token that is good', async () => {
    const group = { kind: 'named', name: 'edge', shard: 2 } as const;
    const token = (name: string, more: object = {}) =>
      CollectorToken.create({ name, hash: hashToken(name), group, ...more });
    const { _id } = await token('good');
    await token('revoked', { revokedAt: new Date() });
    await token('replaced', { expiresAt: new Date(Date.now() + 60_000) });
    let now = Date.now();
    const context = { ...world.context, now: () => new Date(now) };
    const fleet = await world.fleet({ context });
    const admit = (name: string) => fleet.admit(hashToken(name));
    expect(admit('good')).toEqual({
      shard: 'named:edge:2',
      kind: 'named',
      token: _id.toHexString(),
    });
    expect(admit('revoked')).toBe('revoked');
    expect(admit('replaced')).toMatchObject({ shard: 'named:edge:2' });
    expect(admit('never made')).toBeUndefined();
    expect(admit(world.config.collectorToken!)).toMatchObject({ shard: SHARED });
    // It expires by itself, and those who are connected hear of it.
    now += 60_001;
    expect(admit('replaced')).toBe('revoked');
    const told: unknown[] = [];
    fleet.onChange((shards) => told.push(shards));
    fleet.start();
    await soon(() => told.includes(undefined));
  });

  it('hears of tokens that were made or revoked', async () => {
    const fleet = await world.fleet();
    const told: unknown[] = [];
    fleet.onChange((shards) => told.push(shards));
    await fleet.refresh();
    expect(told).toEqual([]);
    await CollectorToken.create({
      name: 'new',
      hash: hashToken('new'),
      group: { kind: 'shared', target: 'default' },
    });
    await fleet.refresh();
    expect(told).toEqual([undefined]);
  });

  it('may have no more than an ingestion key, where that is accepted: it opens no password', async () => {
    const acme = await world.tenant('acme');
    const team = await world.teamOf(acme);
    await world.group(`dedicated:${team}`, {
      fragment: fragment('for-operators'),
      options: {
        receivers: {
          fluentforward: { endpoint: '127.0.0.1:24225' },
          prometheus: { scrapeConfigs: [{ job_name: 'own', basic_auth: { password: 'theirs' } }] },
        },
      },
    });
    const fleet = await world.fleet();
    const admitted = fleet.admitKey('key-of-acme');
    expect(admitted).toMatchObject({ shard: `key:${team}`, kind: 'dedicated' });
    expect(fleet.admitKey('key-of-nobody')).toBeUndefined();
    await fleet.ensure(admitted!.shard);
    const text = textOf(fleet.offerFor(admitted!.shard, 'a'));
    expect(text).toContain(`otel_logs_${acme}`);
    expect(text).toContain('${env:CLICKHOUSE_PASSWORD}');
    expect(text).toContain('fluentforward');
    // What operators wrote may hold logins of theirs.
    expect(text).not.toMatch(/for-operators|theirs/);
    await fleet.ensure(`dedicated:${team}`);
    expect(textOf(fleet.offerFor(`dedicated:${team}`, 'a'))).toMatch(
      /theirs.*for-operators|for-operators.*theirs/,
    );
    const password = world.context.keyring.password(acme, 'writer', world.context.keyring.first());
    expect(text).not.toContain(password);
    const { opamp, ...rest } = world.config;
    const refusing = { ...rest, opamp: { ...opamp, acceptIngestionKey: false } };
    const strict = await world.fleet({ config: refusing });
    expect(strict.admitKey('key-of-acme')).toBeUndefined();
    // Without users of its own a target has nothing that is the tenant's alone.
    const targets = {
      all: world.context.targets.all.map(({ name }) => ({ name, hasUsers: false })),
      get: (name: string) => world.context.targets.get(name),
    };
    const context = { ...world.context, targets } as unknown as typeof world.context;
    const guarded = await world.fleet({ context });
    expect(guarded.admitKey('key-of-acme')).toBeUndefined();
  });
});

describe('tenants and shards', () => {
  it('are each in one shard of a group, and no shard knows of another one', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `tenant${i}`);
    for (const name of names) await world.tenant(name);
    await world.group('named:edge', { target: 'default', members: 'all', shards: 3 });
    const fleet = await world.fleet();
    const shards = [1, 2, 3].map((number) => `named:edge:${number}`);
    for (const shard of shards) await fleet.ensure(shard);
    const texts = shards.map((shard) => textOf(fleet.offerFor(shard, 'a')));
    for (const name of names) {
      expect(texts.filter((text) => text.includes(`"key-of-${name}"`))).toHaveLength(1);
    }
    await fleet.ensure('named:edge:4');
    expect(fleet.offerFor('named:edge:4', 'a')).toBeUndefined();
  });

  it('of an exclusive group are not in the shared one', async () => {
    const acme = await world.tenant('acme');
    await world.tenant('globex');
    const fleet = await world.fleetWith(SHARED);
    expect(textOf(fleet.offerFor(SHARED, 'a'))).toContain('key-of-acme');
    await world.group('named:own', {
      target: 'default',
      members: { tenants: [acme] },
      exclusive: true,
    });
    await fleet.refresh();
    const text = textOf(fleet.offerFor(SHARED, 'a'));
    expect([text.includes('key-of-acme'), text.includes('key-of-globex')]).toEqual([false, true]);
    await fleet.ensure('named:own');
    expect(textOf(fleet.offerFor('named:own', 'a'))).toContain('key-of-acme');
  });

  it('that cannot be written for are kept apart before the next change is offered', async () => {
    const [acme, globex] = [await world.tenant('acme'), await world.tenant('globex')];
    const checked: string[] = [];
    const quarantine = {
      answered: () => Promise.resolve(true),
      check: async (target: string) => {
        checked.push(target);
        if (checked.length !== 2) return false;
        await CollectorQuarantine.updateOne(
          { _id: acme },
          { target, reason: 'x', since: new Date() },
          { upsert: true },
        );
        await world.announceFromElsewhere();
        return true;
      },
    };
    const fleet = await world.fleetWith(SHARED, { quarantine, gatherMs: 1, pollMs: 20 });
    expect(textOf(fleet.offerFor(SHARED, 'a'))).toContain(`"clickhouse/${acme}"`);
    fleet.start();
    await world.tenant('initech');
    await world.announceFromElsewhere();
    await soon(() => textOf(fleet.offerFor(SHARED, 'a')).includes('key-of-initech'));
    const text = textOf(fleet.offerFor(SHARED, 'a'));
    expect(text).toContain('key-of-acme');
    expect(text).not.toContain(`"clickhouse/${acme}"`);
    expect(text).toContain(`"clickhouse/${globex}"`);
    // Nothing between the two was offered to anybody.
    expect(await CollectorRevision.countDocuments()).toBe(2);
    await fleet.ensure(`${SHARED}:quarantine`);
    const apart = textOf(fleet.offerFor(`${SHARED}:quarantine`, 'a'));
    expect(apart).toContain(`"clickhouse/${acme}"`);
    expect(apart).not.toContain(globex);
  });

  it('are set up as their group says, and a fragment that is no longer taken costs that group alone', async () => {
    const acme = await world.tenant('acme');
    const team = `dedicated:${await world.teamOf(acme)}`;
    await world.group(SHARED, { options: { memoryLimitMiB: 777 }, fragment: fragment('mine') });
    const fleet = await world.fleetWith(SHARED);
    await fleet.ensure(team);
    const text = textOf(fleet.offerFor(SHARED, 'a'));
    expect(text).toContain('debug/mine');
    expect(text).toContain('777');
    await world.group(SHARED, { fragment: 'exporters: {clickhouse/x: {}}\nno: such section' });
    await fleet.refresh();
    expect(fleet.offerFor(SHARED, 'a')).toBeUndefined();
    expect(fleet.offerFor(team, 'a')).toBeDefined();
  });
});

describe('what configs hold', () => {
  it('is taken out of texts in every form, that of teams that left as well', async () => {
    await world.tenant('a$cme');
    const fleet = await world.fleet();
    expect(fleet.redact('auth key-of-a$$cme, "key-of-a$cme"')).toBe('auth ***, "***"');
    expect(fleet.isSecret('key-of-a$cme')).toBe(true);
    await Team.deleteMany({});
    await fleet.refresh();
    expect(fleet.redact('auth key-of-a$$cme')).toBe('auth ***');
    expect(fleet.redact('tcp://me:somebody-elses@host:9000')).not.toContain('somebody-elses');
  });
});
