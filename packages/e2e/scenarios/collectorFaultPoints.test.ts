import { createClient } from '@clickhouse/client';
import type { ClickHouseClient } from '@clickhouse/client';
import { waitFor } from '@hyperdx-tenancy/devkit/process';
import { RevisionList } from '@hyperdx-tenancy/domain/contracts/collectorRollout';
import type { RevisionView, RolloutView } from '@hyperdx-tenancy/domain/contracts/collectorRollout';
import type { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';
import { getTenantTableName, parseTenantId } from '@hyperdx-tenancy/domain/ids';

import { groupAdmin } from '../harness/collectorGroups';
import type { GroupAdmin } from '../harness/collectorGroups';
import { startBackend } from '../harness/stack';
import type { Backend } from '../harness/stack';
import { CollectorAgent } from './collectorAgent';

/*
 * The process that carries a change to the collectors is killed between any two of its steps. The one that takes over has to
 * end what it began: every agent with the right config, none with one that failed, and no revision twice.
 */

const GROUP = 'shared:default';
const PATH = `/collector-groups/${encodeURIComponent(GROUP)}`;
/** In the name of what agents fail over. */
const BAD = 'nobody-runs-this';
const AGENTS = 2;
const SETTLE_MS = 60_000;

const recording = ['before:collectorRevision.rollout', 'after:collectorRevision.rollout'];
const writing = ['written:collectorRevision.document', 'after:collectorRevision.document'];
const failing = ['before', 'after', 'marked'].map((when) => `${when}:collectorRollout.fail`);
const advancing = ['before', 'after', 'marked'].map((when) => `${when}:collectorRollout.advance`);
const steering = ['before', 'after'].map((when) => `${when}:collectorRollout.steer`);

let backend: Backend;
let clickhouse: ClickHouseClient;
let group: GroupAdmin;
let acme: TenantView;
let ill: TenantView;
let agents: CollectorAgent[];
let named = 0;

beforeAll(async () => {
  backend = await startBackend();
  clickhouse = createClient(backend.clickhouse.client());
  group = groupAdmin(backend.api, GROUP);
  acme = await backend.api.createTenant('Acme', 'key-of-acme');
  ill = await backend.api.createTenant('Ill', 'key-of-ill');
  agents = Array.from({ length: AGENTS }, () => new CollectorAgent(backend.api, BAD));
  await atRest('key-of-ill');
}, 180_000);

afterAll(async () => {
  await Promise.all(agents.map((agent) => agent.stop()));
  await clickhouse.close();
  await backend.stop();
}, 60_000);

/** A fragment like no other; its mark is in the config that has it. */
function newFragment(mark = `mark-${(named += 1)}`): { fragment: string; mark: string } {
  const fragment = `
receivers: {nop/${mark}: {}}
exporters: {debug/${mark}: {}}
service: {pipelines: {logs/${mark}: {receivers: [nop/${mark}], exporters: [debug/${mark}]}}}
`;
  return { fragment, mark };
}

/** Of the group itself; what is kept apart has a config of its own. */
async function rollout(): Promise<RolloutView> {
  const { parts } = await group.show();
  const part = parts.find(({ id }) => id === GROUP);
  if (!part) throw new Error(`${GROUP} has no config`);
  return part.rollout;
}

async function revisions(): Promise<RevisionView[]> {
  const { status, body } = await backend.api.call('GET', `${PATH}/revisions`);
  expect(status).toBe(200);
  return RevisionList.parse(body).data;
}

/** Every agent runs what is meant for all, which holds these; nothing is under way, and it is known to be good. */
async function atRest(...holds: string[]): Promise<void> {
  const rests = async (): Promise<boolean> => {
    const { phase, paused, current, good } = await rollout();
    const hash = (await revisions()).find(({ number }) => number === current)?.hash;
    if (phase !== 'steady' || paused || current !== good) return false;
    return agents.every(
      ({ hashHex, config }) => hashHex === hash && holds.every((text) => config.includes(text)),
    );
  };
  const what = `all agents to run what holds ${holds.join(', ')}`;
  await waitFor(rests, { what, timeoutMs: SETTLE_MS, intervalMs: 200 });
  await expectSound();
}

/** Nothing was recorded twice, and no agent has what failed. */
async function expectSound(): Promise<void> {
  const all = await revisions();
  expect(new Set(all.map(({ number }) => number)).size).toBe(all.length);
  // What was gone back to is there again, but never twice in a row.
  const twice = all.filter(({ hash }, index) => hash === all[index + 1]?.hash);
  expect(twice).toEqual([]);
  const failed = all.filter(({ state }) => state === 'failed').map(({ hash }) => hash);
  for (const { hashHex } of agents) expect(failed).not.toContain(hashHex);
}

/** A process dies at a point of what this leads to; another one takes over. */
async function killedAt(point: string, change: () => Promise<unknown>): Promise<void> {
  await backend.api.restartWith({ TENANCY_FAULT_POINT: point });
  // It may die before it answers.
  await change().catch(() => undefined);
  expect((await backend.api.exited()).signal).toBe('SIGKILL');
  await backend.api.restartWith({});
}

describe.each([
  ['to everybody at once', { canary: undefined }],
  ['to canaries first', { canary: { count: 1 }, healthySeconds: 1, timeoutSeconds: 60 }],
])('a change that goes %s', (_to, policy) => {
  const { canary } = policy;

  beforeAll(async () => {
    const { canary: _, ...times } = policy;
    await group.update({ rollout: canary ? policy : times });
    await atRest();
  }, 90_000);

  it.each([
    ...recording,
    ...writing,
    ...(canary ? advancing : ['before:collectorRollout.good', 'after:collectorRollout.good']),
  ])(
    'reaches every agent, killed %s',
    async (point) => {
      const { fragment, mark } = newFragment();
      await killedAt(point, () => group.update({ fragment }));
      await atRest(mark);
      const [newest] = await revisions();
      expect(newest).toMatchObject({ state: 'good' });
    },
    120_000,
  );

  it.each(failing)(
    'that fails leaves every agent with the last good config, killed %s',
    async (point) => {
      const before = await rollout();
      const { fragment } = newFragment(`${BAD}-${(named += 1)}`);
      await killedAt(point, () => group.update({ fragment }));
      const isBack = async (): Promise<boolean> => {
        const { phase, good } = await rollout();
        // Noted by who takes over, once somebody asks for the config.
        const failed = (await revisions()).find(({ number }) => number > (before.good ?? 0));
        return (
          phase === 'failed' &&
          good === before.good &&
          failed?.state === 'failed' &&
          failed.reason === `it holds ${BAD}` &&
          agents.every(({ config }) => config !== '' && !config.includes(BAD))
        );
      };
      const what = 'all agents to run the last good config';
      await waitFor(isBack, { what, timeoutMs: SETTLE_MS, intervalMs: 200 });
      const all = await revisions();
      const good = all.find(({ number }) => number === before.good)?.hash;
      expect(agents.map(({ hashHex }) => hashHex)).toEqual(agents.map(() => good));
      await expectSound();
      const next = newFragment();
      await group.update({ fragment: next.fragment });
      await atRest(next.mark);
    },
    180_000,
  );
});

it.each([...steering, ...recording, ...writing])(
  'goes back to a revision as asked, killed %s',
  async (point) => {
    const [before, { fragment, mark }] = [newFragment(), newFragment()];
    await group.update({ fragment: before.fragment });
    await atRest(before.mark);
    const { current } = await rollout();
    await group.update({ fragment });
    await atRest(mark);
    const goBack = (): ReturnType<Backend['api']['call']> =>
      backend.api.call('POST', `${PATH}/rollout`, { action: 'rollback', revision: current });
    await killedAt(point, goBack);
    // Who got no answer asks again where nothing was done.
    if ((await rollout()).pinned === null) expect((await goBack()).status).toBe(200);
    expect((await rollout()).pinned).toBe(current);
    await atRest(before.mark);
    expect(agents.some(({ config }) => config.includes(mark))).toBe(false);
    expect((await backend.api.call('POST', `${PATH}/rollout`, { action: 'release' })).status).toBe(
      200,
    );
    await atRest(mark);
  },
  180_000,
);

it.each(['begun:collectorQuarantine', 'ended:collectorQuarantine'])(
  'keeps a tenant apart for as long as its table is gone, killed %s',
  async (point) => {
    const table = getTenantTableName('hyperdx_sessions', parseTenantId(ill.id));
    const exporter = `"clickhouse/${ill.id}"`;
    const drop = (): Promise<unknown> => clickhouse.command({ query: `DROP TABLE ${table}` });
    const mend = (): Promise<unknown> => clickhouse.command({ query: `UNDROP TABLE ${table}` });
    const apart = async (isApart: boolean): Promise<void> => {
      const isSo = async (): Promise<boolean> =>
        (await group.show()).quarantine.length === (isApart ? 1 : 0) &&
        agents.every(({ config }) => config.includes(exporter) === !isApart);
      const what = `the tenant to be ${isApart ? 'kept apart' : 'served'}`;
      await waitFor(isSo, { what, timeoutMs: SETTLE_MS, intervalMs: 200 });
      await atRest(`"clickhouse/${acme.id}"`);
    };
    const begins = point.startsWith('begun');
    if (begins) await killedAt(point, drop);
    else await drop();
    await apart(true);
    if (begins) await mend();
    else await killedAt(point, mend);
    await apart(false);
  },
  240_000,
);
