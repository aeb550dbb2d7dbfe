import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';

import { heardAgent } from '../../../controllers/__tests__/heardAgent';
import {
  agentKey,
  recordAgents,
  recordEffectiveConfigs,
} from '../../../controllers/collectorAgents';
import { useServer } from '../../../fixtures';
import CollectorAgent from '../../../models/collectorAgent';
import { behindProxy, callsTo } from './operatorFixtures';

jest.setTimeout(120_000);

const { server } = useServer(behindProxy);
const call = callsTo(server);
const newUid = (): string => randomBytes(16).toString('hex');

interface Shown {
  instanceUid: string;
  group: string;
}

async function list(query = ''): Promise<Shown[]> {
  const { json } = await call('GET', `/collector-agents${query}`);
  return json['data'] as Shown[];
}

const uids = (agents: readonly Shown[]): string[] =>
  agents.map(({ instanceUid }) => instanceUid).sort();

afterEach(() => CollectorAgent.deleteMany({}));

it('agents are shown with what they said, and what they run', async () => {
  const instanceUid = newUid();
  await recordAgents([
    heardAgent({
      instanceUid,
      state: 'withheld',
      lacking: ['receivers/kafka'],
      capabilities: ['ReportsStatus'],
      attributes: [{ name: 'service.name', value: 'otelcol' }],
      components: [{ kind: 'receivers', types: ['otlp'] }],
    }),
  ]);
  const [listed] = await list();
  expect(listed).toMatchObject({
    instanceUid,
    group: 'shared:default',
    connected: true,
    attributes: { 'service.name': 'otelcol' },
    config: { state: 'withheld', reason: 'lacks receivers/kafka' },
  });
  const none = await call('GET', `/collector-agents/${instanceUid}`);
  expect(none.json).toMatchObject({
    capabilities: ['ReportsStatus'],
    components: { receivers: ['otlp'] },
    effectiveConfig: null,
  });
  const _id = agentKey({ shard: 'shared:default', instanceUid });
  const at = new Date();
  const forgetAt = new Date(Date.now() + 60_000);
  await recordEffectiveConfigs([{ _id, body: gzipSync('a: 1\n'), size: 5, at, forgetAt }]);
  const shown = await call('GET', `/collector-agents/${instanceUid}`);
  expect(shown.json).toMatchObject({
    effectiveConfig: 'a: 1\n',
    effectiveConfigAt: at.toISOString(),
  });
});

it('are found by group, shard, state and whether they are connected', async () => {
  const team = 'a'.repeat(24);
  const places = [
    'shared:default',
    'named:eu',
    'named:eu:1',
    'named:eu:quarantine',
    'named:eu-2',
    `dedicated:${team}`,
    `key:${team}`,
  ];
  const known = new Map(places.map((shard) => [shard, newUid()]));
  const of = (...shards: string[]): string[] => shards.map((shard) => known.get(shard)!).sort();
  await recordAgents(
    places.map((shard) =>
      heardAgent({
        shard,
        instanceUid: known.get(shard)!,
        ...(shard === 'named:eu:1' ? { state: 'failed' } : {}),
      }),
    ),
  );
  expect(uids(await list('?group=named:eu'))).toEqual(
    of('named:eu', 'named:eu:1', 'named:eu:quarantine'),
  );
  expect(uids(await list('?group=named:eu:1'))).toEqual(of('named:eu:1'));
  // Who comes with an ingestion key is one of its team's.
  const dedicated = await list(`?group=dedicated:${team}`);
  expect(uids(dedicated)).toEqual(of(`dedicated:${team}`, `key:${team}`));
  expect(dedicated.map(({ group }) => group)).toEqual(
    Array.from({ length: 2 }, () => `dedicated:${team}`),
  );
  expect(uids(await list('?state=failed'))).toEqual(of('named:eu:1'));
  await recordAgents([
    heardAgent({ shard: 'named:eu', instanceUid: known.get('named:eu')! }, 100_000),
  ]);
  expect(uids(await list('?connected=false'))).toEqual(of('named:eu'));
  expect(await list('?connected=true')).toHaveLength(6);
});

it('come a page at a time, each once', async () => {
  const made = Array.from({ length: 5 }, newUid);
  await recordAgents(made.map((instanceUid) => heardAgent({ instanceUid })));
  const seen: string[] = [];
  let after = '';
  do {
    const { json } = await call('GET', `/collector-agents?limit=2${after}`);
    seen.push(...uids(json['data'] as Shown[]));
    after = json['next'] === null ? '' : `&after=${encodeURIComponent(json['next'] as string)}`;
  } while (after !== '');
  expect(seen.sort()).toEqual(made.sort());
});

it('are forgotten once they are gone, not before, and where they are meant', async () => {
  const instanceUid = newUid();
  const path = `/collector-agents/${instanceUid}`;
  await recordAgents([
    heardAgent({ instanceUid }),
    heardAgent({ instanceUid, shard: 'named:eu' }, 3_600_000),
  ]);
  const busy = await call('DELETE', `${path}?group=shared:default`);
  expect([busy.status, busy.json['code']]).toEqual([409, 'agent_connected']);
  expect((await call('DELETE', path)).status).toBe(204);
  expect((await list()).map(({ group }) => group)).toEqual(['shared:default']);
  expect((await call('DELETE', path)).json['code']).toBe('agent_connected');
  await recordAgents([heardAgent({ instanceUid }, 3_600_000)]);
  expect((await call('DELETE', path)).status).toBe(204);
  expect((await call('DELETE', path)).status).toBe(404);
  expect((await call('GET', path)).status).toBe(404);
});

it.each(['x', 'A'.repeat(32), '..%2f', '__proto__'])('%s is no instance UID', async (uid) => {
  expect([400, 404]).toContain((await call('GET', `/collector-agents/${uid}`)).status);
});
