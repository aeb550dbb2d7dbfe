import { Types } from 'mongoose';

import { flushAudit } from '../../../controllers/audit';
import { heardAgent } from '../../../controllers/__tests__/heardAgent';
import { recordAgents } from '../../../controllers/collectorAgents';
import { newRollout } from '../../../controllers/rolloutSteps';
import { useServer } from '../../../fixtures';
import AuditEvent from '../../../models/auditEvent';
import CollectorRevision from '../../../models/collectorRevision';
import type { ICollectorRevision } from '../../../models/collectorRevision';
import CollectorRollout from '../../../models/collectorRollout';
import { behindProxy, callsTo, makeToken } from './operatorFixtures';

jest.setTimeout(120_000);

const { server } = useServer(behindProxy);
const call = callsTo(server);

interface Made {
  id: string;
  team: string;
  apiKey: string;
}
let acme: Made;
let globex: Made;

async function makeTenant(name: string): Promise<Made> {
  const { json } = await call('POST', '/tenants', { body: { name } });
  const [team] = json['teams'] as { id: string; apiKey: string }[];
  return { id: String(json['id']), team: team!.id, apiKey: team!.apiKey };
}

interface Part {
  id: string;
  tenants: string[];
  tokens: number;
  warnings: string[];
  rollout: { paused: boolean };
}
const partsOf = (json: Record<string, unknown>): Part[] => json['parts'] as Part[];

beforeAll(async () => {
  acme = await makeTenant('Acme');
  globex = await makeTenant('Globex');
}, 120_000);

/** A revision of a config, as the fleet records one. */
async function recordRevision(shard: string, number: number, fragment: string | null) {
  const hash = String(number).repeat(64);
  const revision: ICollectorRevision = {
    _id: `${shard}#${number}`,
    shard,
    number,
    hash,
    state: 'offered',
    cause: 'inputs',
    reason: null,
    options: {},
    fragment,
    tenants: [acme, globex].map(({ id }) => new Types.ObjectId(id)),
    bytes: 2,
    body: Buffer.from('{}'),
    createdAt: new Date(),
  };
  await CollectorRevision.create(revision);
  return { number, hash };
}

describe('groups that exist by themselves', () => {
  it('are listed and shown, without anybody having made them', async () => {
    const { json } = await call('GET', '/collector-groups');
    expect(json['data']).toContainEqual(
      expect.objectContaining({ id: 'shared:default', kind: 'shared', members: 'all', tenants: 2 }),
    );
    const shown = await call('GET', `/collector-groups/dedicated:${acme.team}`);
    expect(shown.status).toBe(200);
    expect(shown.json).toMatchObject({ kind: 'dedicated', members: { tenants: [acme.id] } });
    expect(partsOf(shown.json).map(({ tenants }) => tenants)).toEqual([[acme.id]]);
  });

  it('take settings, and not those of groups that operators make', async () => {
    const path = `/collector-groups/dedicated:${acme.team}`;
    const options = {
      memoryLimitMiB: 777,
      receivers: { fluentforward: { endpoint: '0.0.0.0:24225' } },
    };
    const set = await call('PATCH', path, { body: { options } });
    expect(set.status).toBe(200);
    expect(set.json['options']).toEqual(options);
    const again = await call('PATCH', path, { body: { rollout: { canary: { count: 1 } } } });
    expect(again.json).toMatchObject({ options, rollout: { canary: { count: 1 } } });
    for (const [group, body, field] of [
      [`dedicated:${acme.team}`, { shards: 2 }, 'shards'],
      ['shared:default', { exclusive: true }, 'exclusive'],
      ['shared:default', { options: { receivers: {} } }, 'options.receivers'],
      [`dedicated:${acme.team}`, { quarantine: [acme.id] }, 'quarantine'],
      ['shared:default', { quarantine: ['f'.repeat(24)] }, 'quarantine'],
      ['shared:default', { fragment: 'a: [' }, 'fragment'],
      ['shared:default', { fragment: 'exporters: {clickhouse: {}}' }, 'exporters.clickhouse'],
      [
        'shared:default',
        { options: { quarantineEndpoint: 'http://user:secret@q.example' } },
        'quarantineEndpoint',
      ],
      ...['localhost:4318', '127.1:4318/', '[::1]:4317', '0.0.0.0:4318', 'a.localhost:4318'].map(
        (own) =>
          [
            'shared:default',
            { options: { quarantineEndpoint: `http://${own}` } },
            'quarantineEndpoint',
          ] as const,
      ),
    ] as const) {
      const refused = await call('PATCH', `/collector-groups/${group}`, { body });
      expect([field, refused.status, refused.json['code']]).toEqual([
        field,
        400,
        'invalid_request',
      ]);
      expect(refused.json['message']).toContain(field);
      expect(refused.text).not.toContain('secret@');
    }
  });

  it('cannot be deleted, and those that are not there are not found', async () => {
    expect((await call('DELETE', '/collector-groups/shared:default')).status).toBe(400);
    for (const id of ['shared:nowhere', 'named:nobody', `dedicated:${'f'.repeat(24)}`]) {
      for (const path of ['', '/config', '/revisions']) {
        expect([id, path, (await call('GET', `/collector-groups/${id}${path}`)).status]).toEqual([
          id,
          path,
          404,
        ]);
      }
    }
  });
});

describe('groups that operators make', () => {
  it('spread their members over shards, each with its own tokens', async () => {
    const made = await call('POST', '/collector-groups', { body: { name: 'spread', shards: 3 } });
    expect(made.status).toBe(201);
    expect(made.headers.get('location')).toBe('/tenancy/v1/collector-groups/named:spread');
    const parts = partsOf(made.json);
    expect(parts.map(({ id }) => id)).toEqual([1, 2, 3].map((n) => `named:spread:${n}`));
    expect(parts.flatMap(({ tenants }) => tenants).sort()).toEqual([acme.id, globex.id].sort());

    const token = (shard: number) =>
      call('POST', '/collector-tokens', {
        body: { name: 't', group: { kind: 'named', name: 'spread', shard } },
      });
    const third = await token(3);
    expect([third.status, third.json['groupId']]).toEqual([201, 'named:spread:3']);
    expect((await token(4)).status).toBe(400);
    const shown = await call('GET', '/collector-groups/named:spread');
    expect(partsOf(shown.json).map(({ tokens }) => tokens)).toEqual([0, 0, 1]);

    // What the token opens stays, or the token goes first.
    const path = '/collector-groups/named:spread';
    const fewer = await call('PATCH', path, { body: { shards: 2 } });
    expect([fewer.status, fewer.json['code']]).toEqual([409, 'group_in_use']);
    expect((await call('DELETE', path)).json['code']).toBe('group_in_use');
    await call('DELETE', `/collector-tokens/${String(third.json['id'])}`);
    expect((await call('PATCH', path, { body: { shards: 2 } })).status).toBe(200);
    expect((await call('DELETE', path)).status).toBe(204);
    expect((await call('GET', path)).status).toBe(404);
    expect((await call('DELETE', path)).status).toBe(404);
  });

  it('are changed only while they are as they were read, where that is asked for', async () => {
    const path = '/collector-groups/named:edited';
    const made = await call('POST', '/collector-groups', { body: { name: 'edited' } });
    const read = await call('GET', path);
    const etag = read.headers.get('etag') ?? '';
    expect([etag, read.headers.get('cache-control')]).toEqual([
      made.headers.get('etag'),
      'no-store',
    ]);
    const change = (limit: number, ifMatch: string, query = '') =>
      call('PATCH', `${path}${query}`, {
        body: { options: { memoryLimitMiB: limit } },
        headers: { 'if-match': ifMatch },
      });
    const first = await change(100, etag);
    expect(first.status).toBe(200);
    const late = await change(200, etag);
    expect([late.status, late.json['code']]).toEqual([412, 'precondition_failed']);
    expect((await change(200, etag, '?dryRun=true')).status).toBe(412);
    expect((await call('GET', path)).json['options']).toEqual({ memoryLimitMiB: 100 });

    // Of those who read the same, one comes through.
    const now = first.headers.get('etag') ?? '';
    const raced = await Promise.all([201, 202, 203].map((limit) => change(limit, now)));
    expect(raced.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
    expect((await change(300, '*')).status).toBe(200);

    // How far its configs have come is no setting.
    const settled = (await call('GET', path)).headers.get('etag');
    await call('POST', `${path}/rollout`, { body: { action: 'pause' } });
    expect((await call('GET', path)).headers.get('etag')).toBe(settled);
    await call('DELETE', path);
  });

  it('begin anew with a shard, or a name, that was gone for a while', async () => {
    const path = '/collector-groups/named:shrunk';
    const body = { name: 'shrunk', shards: 2 };
    const paused = async (): Promise<boolean[]> =>
      partsOf((await call('GET', path)).json).map(({ rollout }) => rollout.paused);
    await call('POST', '/collector-groups', { body });
    await call('POST', `${path}/rollout`, { body: { action: 'pause' } });
    await recordRevision('named:shrunk:2', 1, null);
    await call('PATCH', path, { body: { shards: 1 } });
    await call('PATCH', path, { body: { shards: 2 } });
    expect(await paused()).toEqual([true, false]);
    const revisions = await call('GET', '/collector-groups/named:shrunk:2/revisions');
    expect(revisions.json).toEqual({ data: [] });
    await call('DELETE', path);
    await call('POST', '/collector-groups', { body });
    expect(await paused()).toEqual([false, false]);
    await call('DELETE', path);
  });

  it('go back to one config for all members, once no token opens a shard', async () => {
    const path = '/collector-groups/named:whole';
    await call('POST', '/collector-groups', { body: { name: 'whole', shards: 2 } });
    const group = { kind: 'named', name: 'whole' };
    const makeToken = (of: object) =>
      call('POST', '/collector-tokens', { body: { name: 't', group: of } });
    const tokens = [
      await makeToken({ ...group, shard: 1 }),
      await makeToken({ ...group, shard: 2 }),
      await makeToken({ ...group, quarantine: true }),
    ];
    await recordRevision('named:whole:2', 1, null);

    const none = { body: { shards: null } };
    const refused = await call('PATCH', path, none);
    expect([refused.status, refused.json['code']]).toEqual([409, 'group_in_use']);
    expect(refused.json['message']).toContain('named:whole:1 and 1 more');
    for (const { json } of tokens.slice(0, 2)) {
      await call('DELETE', `/collector-tokens/${String(json['id'])}`);
    }
    const preview = await call('PATCH', `${path}?dryRun=true`, none);
    expect((preview.json['parts'] as Part[]).map(({ id }) => id)).toEqual([
      'named:whole:1',
      'named:whole:2',
      'named:whole',
    ]);

    const { status, json } = await call('PATCH', path, none);
    expect([status, json['shards']]).toEqual([200, null]);
    const [whole, ...others] = partsOf(json);
    expect([whole?.id, whole?.tenants, others]).toEqual([
      'named:whole',
      [acme.id, globex.id].sort(),
      [],
    ]);
    expect((await call('GET', `${path}/config`)).text).toContain(acme.id);
    expect((await call('GET', `${path}:1/config`)).status).toBe(404);
    expect((await makeToken({ ...group, shard: 1 })).status).toBe(400);
    const ofAll = await makeToken(group);
    expect(ofAll.status).toBe(201);

    // And back: with nothing left of what the shards were before.
    expect((await call('PATCH', path, { body: { shards: 2 } })).status).toBe(409);
    await call('DELETE', `/collector-tokens/${String(ofAll.json['id'])}`);
    expect((await call('PATCH', path, { body: { shards: 2 } })).status).toBe(200);
    expect((await call('GET', `${path}:2/revisions`)).json).toEqual({ data: [] });
    await call('DELETE', `/collector-tokens/${String(tokens[2]?.json['id'])}`);
    expect((await call('DELETE', path)).status).toBe(204);
  });

  it('serve nobody but their members', async () => {
    const body = { name: 'one', members: { tenants: [globex.id] }, exclusive: true };
    await call('POST', '/collector-groups', { body });
    const config = await call('GET', '/collector-groups/named:one/config');
    expect(config.text).toContain(globex.id);
    expect(config.text).not.toContain(acme.id);
    const shared = await call('GET', '/collector-groups/shared:default');
    expect(partsOf(shared.json)[0]?.tenants).toEqual([acme.id]);
    await call('DELETE', '/collector-groups/named:one');
    const after = await call('GET', '/collector-groups/shared:default');
    expect(partsOf(after.json)[0]?.tenants).toHaveLength(2);
  });

  it.each([
    ['a target that there is not', { target: 'nowhere' }, 'target_unknown'],
    ['a tenant that there is not', { members: { tenants: ['f'.repeat(24)] } }, 'invalid_request'],
    [
      'receivers without a key',
      { options: { receivers: { fluentforward: { endpoint: '0.0.0.0:1' } } } },
      'invalid_request',
    ],
    [
      'a provider that reads files',
      { fragment: 'processors: {a/b: "${file:/etc/passwd}"}' },
      'invalid_request',
    ],
    ['an unknown field', { tenants: [] }, 'invalid_request'],
  ])('are refused with %s', async (_what, more, code) => {
    const refused = await call('POST', '/collector-groups', { body: { name: 'bad', ...more } });
    expect([refused.status, refused.json['code']]).toEqual([400, code]);
    expect((await call('GET', '/collector-groups/named:bad')).status).toBe(404);
  });

  it('have names of their own', async () => {
    await call('POST', '/collector-groups', { body: { name: 'twice' } });
    const again = await call('POST', '/collector-groups', { body: { name: 'twice' } });
    expect([again.status, again.json['code']]).toEqual([409, 'group_exists']);
  });

  it('are listed a page at a time, each once', async () => {
    await call('POST', '/collector-groups', { body: { name: 'listed' } });
    const seen: string[] = [];
    let after = '';
    do {
      const { json } = await call('GET', `/collector-groups?limit=1${after}`);
      seen.push(...(json['data'] as { id: string }[]).map(({ id }) => id));
      after = json['next'] === null ? '' : `&after=${json['next'] as string}`;
    } while (after !== '');
    expect(seen[0]).toBe('shared:default');
    expect(seen).toContain('named:listed');
    expect(new Set(seen).size).toBe(seen.length);
  });
});

describe('configs', () => {
  it('are shown without secrets to viewers, and with them to admins, which is recorded', async () => {
    const viewer = await makeToken(call, 'viewer');
    const path = `/collector-groups/dedicated:${globex.team}/config`;
    const shown = await call('GET', path, { token: viewer.token });
    expect(shown.status).toBe(200);
    expect(shown.text).toContain(globex.id);
    expect(shown.text).not.toContain(globex.apiKey);
    expect((await call('POST', path, { token: viewer.token })).status).toBe(403);

    const whole = await call('POST', path);
    expect(whole.status).toBe(200);
    expect(whole.headers.get('cache-control')).toBe('no-store');
    expect(whole.json['config']).toContain(globex.apiKey);
    expect(whole.json['hash']).toBe(shown.json['hash']);
    await flushAudit();
    const event = await AuditEvent.findOne({ action: 'collectorConfig.read' }).lean();
    expect(event).toMatchObject({
      subject: `dedicated:${globex.team}`,
      after: { hash: whole.json['hash'] },
      outcome: 'ok',
    });
    expect(JSON.stringify(event)).not.toContain(globex.apiKey);
  });

  it('are those of before while canaries try another: nobody hears how others fare', async () => {
    const fragment = [
      'receivers: {nop/tried: {}}',
      'exporters: {nop/tried: {}}',
      'service: {pipelines: {logs/tried: {receivers: [nop/tried], exporters: [nop/tried]}}}',
    ].join('\n');
    await call('POST', '/collector-groups', { body: { name: 'careful', fragment } });
    const shard = 'named:careful';
    const config = async () => (await call('GET', `/collector-groups/${shard}/config`)).text;
    const rollout = {
      ...newRollout(shard),
      version: 1,
      latest: 2,
      good: await recordRevision(shard, 1, null),
      current: await recordRevision(shard, 2, fragment),
    };
    await CollectorRollout.create({ ...rollout, phase: 'canary', canaries: ['a'.repeat(32)] });
    expect(await config()).not.toContain('nop/tried');
    await CollectorRollout.updateOne({ _id: shard }, { phase: 'steady' });
    expect(await config()).toContain('nop/tried');
    await call('DELETE', `/collector-groups/${shard}`);
  });

  it('are those of before from the moment on at which canaries are to try another', async () => {
    const shard = 'named:tried';
    const [limit, rollout] = [{ memoryLimitMiB: 4_321 }, { canary: { count: 1 } }];
    await call('POST', '/collector-groups', { body: { name: 'tried', options: limit, rollout } });
    const config = async () => (await call('GET', `/collector-groups/${shard}/config`)).text;
    const before = await recordRevision(shard, 1, null);
    const known = { ...newRollout(shard), version: 1, latest: 1, good: before, current: before };
    await CollectorRollout.create(known);
    // Nobody is there to try it.
    expect(await config()).toContain('4321');
    await recordAgents([heardAgent({ shard })]);
    expect(await config()).not.toContain('4321');
    await call('DELETE', `/collector-groups/${shard}`);
  });

  it('of a group with shards are asked for one by one', async () => {
    await call('POST', '/collector-groups', { body: { name: 'many', shards: 2 } });
    expect((await call('GET', '/collector-groups/named:many/config')).status).toBe(400);
    expect((await call('GET', '/collector-groups/named:many:2/config')).status).toBe(200);
    expect((await call('GET', '/collector-groups/named:many:3/config')).status).toBe(404);
    expect((await call('GET', '/collector-groups/named:many:1')).status).toBe(400);
  });

  it('that a change would make are shown as a difference, and nothing is changed', async () => {
    const path = `/collector-groups/dedicated:${globex.team}`;
    const before = await call('GET', path);
    const body = { options: { memoryLimitMiB: 1_234 } };
    const events = await AuditEvent.countDocuments();
    const preview = await call('PATCH', `${path}?dryRun=true`, { body });
    expect(preview.status).toBe(200);
    expect(preview.json).toMatchObject({
      dryRun: true,
      parts: [{ id: `dedicated:${globex.team}`, changed: true }],
    });
    const [part] = preview.json['parts'] as { diff: string }[];
    expect(part?.diff).toContain('1234');
    expect(part?.diff).not.toContain(globex.apiKey);
    expect((await call('GET', path)).json).toEqual(before.json);
    expect(await AuditEvent.countDocuments()).toBe(events);
    const same = await call('PATCH', `${path}?dryRun=true`, { body: { options: {} } });
    expect(same.json['parts']).toMatchObject([{ changed: false, diff: null }]);
    const wrong = await call('PATCH', `${path}?dryRun=true`, { body: { fragment: 'x: 1' } });
    expect(wrong.status).toBe(400);
  });
});

describe('rollouts', () => {
  it('count as arrived where agents run the present config, not the one before', async () => {
    await call('POST', '/collector-groups', { body: { name: 'counted' } });
    const shard = 'named:counted';
    const [before, now] = ['b'.repeat(64), 'c'.repeat(64)];
    const uid = (digit: string): string => digit.repeat(32);
    await recordAgents([
      heardAgent({ shard, instanceUid: uid('1'), hash: now }),
      // It polls in a few seconds, and does not know yet that it is behind.
      heardAgent({ shard, instanceUid: uid('2'), hash: before }),
      // The present one failed on this machine alone.
      heardAgent({ shard, instanceUid: uid('3'), hash: before, blocked: [now] }),
      heardAgent({ shard, instanceUid: uid('4'), hash: now, state: 'failed' }),
    ]);
    const agents = async () => {
      const { json } = await call('GET', `/collector-groups/${shard}`);
      return (json['parts'] as { agents: object }[])[0]?.agents;
    };
    const good = { number: 1, hash: before };
    const rollout = { ...newRollout(shard), version: 1, latest: 2, good };
    await CollectorRollout.create({ ...rollout, current: { number: 2, hash: now } });
    expect(await agents()).toEqual({ connected: 4, inStep: 2, failed: 1 });
    // While canaries try it, the others are meant to run the one before.
    await CollectorRollout.updateOne({ _id: shard }, { phase: 'canary', canaries: [uid('1')] });
    expect(await agents()).toEqual({ connected: 4, inStep: 3, failed: 1 });
    const listed = await call('GET', '/collector-groups?kind=named&limit=500');
    expect(listed.json['data']).toContainEqual(
      expect.objectContaining({ id: shard, agents: { connected: 4, inStep: 3, failed: 1 } }),
    );
    await call('DELETE', `/collector-groups/${shard}`);
  });

  it('are paused and resumed in all shards of a group, or in one', async () => {
    await call('POST', '/collector-groups', { body: { name: 'steered', shards: 2 } });
    const steer = (id: string, action: string) =>
      call('POST', `/collector-groups/${id}/rollout`, { body: { action } });
    const paused = async (): Promise<boolean[]> =>
      partsOf((await call('GET', '/collector-groups/named:steered')).json).map(
        ({ rollout }) => rollout.paused,
      );
    const all = await steer('named:steered', 'pause');
    expect((all.json['data'] as { id: string }[]).map(({ id }) => id)).toEqual([
      'named:steered:1',
      'named:steered:2',
    ]);
    expect(await paused()).toEqual([true, true]);
    expect((await steer('named:steered:2', 'resume')).status).toBe(200);
    expect(await paused()).toEqual([true, false]);
    const shown = partsOf((await call('GET', '/collector-groups/named:steered')).json);
    expect(shown.map(({ warnings }) => warnings)).toEqual([
      [expect.stringContaining('paused')],
      expect.not.arrayContaining([expect.stringContaining('paused')]),
    ]);
    const back = await call('POST', '/collector-groups/named:steered/rollout', {
      body: { action: 'rollback', revision: 1 },
    });
    expect([back.status, back.json['code']]).toEqual([400, 'invalid_request']);
    const none = await call('POST', '/collector-groups/named:steered:1/rollout', {
      body: { action: 'rollback', revision: 99 },
    });
    expect(none.status).toBe(404);
    expect((await steer('named:steered', 'stop')).status).toBe(400);
  });
});

it('the audit keeps settings, and neither fragments nor what may be a secret', async () => {
  const fragment = [
    'receivers: {hostmetrics/hidden: {scrapers: {cpu: {}}}}',
    'exporters: {debug/hidden: {}}',
    'service:',
    '  pipelines: {metrics/hidden: {receivers: [hostmetrics/hidden], exporters: [debug/hidden]}}',
  ].join('\n');
  const scrape = [{ job_name: 'x', basic_auth: { password: '${env:HIDDEN}', username: 'hidden' } }];
  const set = await call('PATCH', `/collector-groups/dedicated:${acme.team}`, {
    body: { fragment, options: { receivers: { prometheus: { scrapeConfigs: scrape } } } },
  });
  expect([set.status, set.json['message']]).toEqual([200, undefined]);
  await flushAudit();
  const event = await AuditEvent.findOne({ action: 'collectorGroup.update' })
    .sort({ at: -1 })
    .lean();
  expect(event).toMatchObject({
    subject: `dedicated:${acme.team}`,
    outcome: 'ok',
    asked: { fragment: '[redacted]' },
    after: { members: [acme.id] },
  });
  expect(JSON.stringify(event)).not.toContain('hidden');
});

it('what every operator is shown holds no password of scraped programs', async () => {
  const scrape = [{ job_name: 'x', basic_auth: { username: 'u', password: 'open-password' } }];
  const refused = await call('PATCH', `/collector-groups/dedicated:${acme.team}`, {
    body: { options: { receivers: { prometheus: { scrapeConfigs: scrape } } } },
  });
  expect([refused.status, refused.json['code']]).toEqual([400, 'invalid_request']);
  expect(refused.json['message']).toContain('scrapeConfigs[0].basic_auth.password');
  expect(refused.json['message']).toContain('${env:NAME}');
  await flushAudit();
  const events = await AuditEvent.find({ action: 'collectorGroup.update' }).lean();
  expect(JSON.stringify([refused.json, events])).not.toContain('open-password');
});
