import { waitFor } from '@hyperdx-tenancy/devkit/process';

import { startEngines, useServer } from '../fixtures';
import Tenant from '../models/tenant';
import { opamp } from '../opamp/proto/gen/opamp';

const { AgentToServer } = opamp.proto;

const { engines, server } = useServer({ engines: () => startEngines(true) });

async function scrape(): Promise<string[]> {
  const response = await fetch(server.metricsUrl);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('text/plain');
  return (await response.text()).split('\n').filter((line) => line.startsWith('hyperdx_tenancy_'));
}

/** Series without their values. */
const names = (lines: string[]): string[] => lines.map((line) => line.replace(/ \S+$/, '')).sort();

/** Waits until the metrics say this: what concerns a request is counted when its connection says it has ended. */
async function says(...series: string[]): Promise<string[]> {
  return waitFor(
    async () => {
      const lines = await scrape();
      return series.every((one) => lines.includes(`hyperdx_tenancy_${one}`)) ? lines : undefined;
    },
    { what: `metrics to say ${series.join(' and ')}`, timeoutMs: 15_000 },
  );
}

/** How much a series grew by something. */
async function valueOf(series: string): Promise<number> {
  const line = (await scrape()).find((one) => one.startsWith(`hyperdx_tenancy_${series} `));
  return Number(line?.split(' ').at(-1) ?? 0);
}

async function poll(token: string | undefined, path = '/v1/opamp'): Promise<number> {
  const response = await fetch(`${server.opampUrl}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-protobuf',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: Buffer.from(
      AgentToServer.encode({
        instanceUid: Buffer.alloc(16, 7),
        sequenceNum: 1,
        capabilities: 0x2 | 0x1000,
        agentDescription: {},
      }).finish(),
    ),
  });
  await response.arrayBuffer();
  return response.status;
}

it('tells of tenants, their making, and the statements and requests that it took', async () => {
  const made = await server.request('POST', '/tenancy/v1/tenants', { body: { name: 'Measured' } });
  expect(made.status).toBe(201);
  await server.request('POST', '/tenancy/v1/tenants', { body: { name: '' } });
  await server.request('GET', `/tenancy/v1/tenants/${String(made.json['id'])}`);

  const request = (labels: string) => `http_requests_total{server="api",${labels}} 1`;
  const lines = await says(
    'mongo_up 1',
    'tenants{status="active"} 1',
    'tenants{status="failed"} 0',
    'provisioning_duration_seconds_count{result="active"} 1',
    'provisioning_step_duration_seconds_count{step="tables"} 1',
    'clickhouse_statement_duration_seconds_count{kind="table",result="ok"} 10',
    'clickhouse_statement_duration_seconds_count{kind="view",result="ok"} 2',
    request('method="POST",route="/tenancy/v1/tenants",status="201"'),
    request('method="POST",route="/tenancy/v1/tenants",status="400"'),
    request('method="GET",route="/tenancy/v1/tenants/:id",status="200"'),
    'http_requests_in_flight{server="api"} 0',
  );
  expect(lines.join('\n')).not.toContain(String(made.json['id']));
}, 30_000);

it('counts what failed, by step and code', async () => {
  await server.request('POST', '/tenancy/v1/tenants', { body: { name: 'A', apiKey: 'one-key-1' } });
  await engines.clickhouse.kill();
  await server.request('POST', '/tenancy/v1/tenants', { body: { name: 'B', apiKey: 'one-key-2' } });
  const lines = await scrape();
  await engines.clickhouse.restart();
  expect(lines.join('\n')).toMatch(
    /provisioning_failures_total\{step="\w+",code="clickhouse_unavailable"\} 1/,
  );
  expect(lines).toContain(
    'hyperdx_tenancy_provisioning_duration_seconds_count{result="provisioning"} 1',
  );
}, 60_000);

it('tells of agents, their messages and configs, and of callers that were refused', async () => {
  expect(await poll(server.config.collectorToken)).toBe(200);
  expect(await poll(undefined, `/t/${server.config.collectorToken ?? ''}/v1/opamp`)).toBe(200);
  expect(await poll('wrong')).toBe(401);
  expect(await poll(undefined)).toBe(401);
  for (const authorization of ['', 'Bearer wrong']) {
    const headers = { authorization };
    expect((await server.request('GET', '/tenancy/v1/audit', { headers })).status).toBe(401);
  }
  await says(
    'opamp_messages_total{group="shared",result="offered"} 2',
    'opamp_messages_total{group="none",result="unauthorized"} 2',
    'opamp_agents_connected{group="shared"} 1',
    'opamp_agents_connected{group="dedicated"} 0',
    'auth_failures_total{server="opamp",reason="unknown"} 1',
    'auth_failures_total{server="opamp",reason="missing"} 1',
    'auth_failures_total{server="api",reason="unknown"} 1',
    'auth_failures_total{server="api",reason="missing"} 1',
    'http_requests_total{server="opamp",method="POST",route="/t/:token/v1/opamp",status="200"} 1',
    'http_requests_total{server="opamp",method="POST",route="/v1/opamp",status="401"} 2',
  );
  expect(await valueOf('opamp_configs_built_total{group="shared"}')).toBeGreaterThan(0);
  expect(await valueOf('opamp_config_size_bytes_sum{group="shared"}')).toBeGreaterThan(1_000);
});

it('has no more series whatever paths, methods and names clients make up', async () => {
  async function feed(i: number): Promise<void> {
    const id = i.toString(16).padStart(24, 'f');
    const token = `made-up-token-${i}`;
    await Promise.all([
      server.request('GET', `/tenancy/v1/tenants/${id}`),
      server.request('GET', `/TENANCY/v1/Tenants/${id}/`),
      server.request('GET', `/tenancy/v1/unknown/${id}`),
      server.request('GET', `/made/up/${id}?x=${id}`),
      server.request('PROPFIND', `/made-up-${i}`),
      server.request('DELETE', `/tenancy/v1/collector-tokens/${id}`),
      server.request('GET', '/tenancy/v1/tenants', { headers: { authorization: token } }),
      poll(token),
      poll(undefined, `/t/${token}/v1/opamp`),
      poll(undefined, `/x/${token}`),
    ]);
  }
  await feed(0);
  const before = await waitFor(
    async () => {
      const one = names(await scrape());
      await feed(0);
      const two = names(await scrape());
      return one.join() === two.join() ? two : undefined;
    },
    { what: 'all series of these requests to be there', timeoutMs: 10_000 },
  );
  for (let i = 1; i <= 12; i += 1) await feed(i);
  const after = names(await scrape());
  expect(after).toEqual(before);
  expect(after.join()).not.toMatch(/made|ffff|unknown\//);
  expect(after.join()).toContain('method="other",route="unmatched"');
}, 30_000);

it('serves metrics on its own port alone, and nothing else there', async () => {
  const base = server.metricsUrl.replace(/\/metrics$/, '');
  for (const path of ['/', '/health', '/tenancy/v1/tenants', '/metrics/x']) {
    expect([path, (await fetch(base + path)).status]).toEqual([path, 404]);
  }
  const posted = await fetch(server.metricsUrl, { method: 'POST', body: 'x'.repeat(1_000_000) });
  expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET']);
  expect((await server.request('GET', '/metrics')).status).toBe(404);
});

it('answers many scrapes with at most one question to MongoDB', async () => {
  const aggregate = jest.spyOn(Tenant, 'aggregate');
  try {
    for (let i = 0; i < 5; i += 1) await Promise.all(Array.from({ length: 5 }, scrape));
    // One where the last answer ran out meanwhile.
    expect(aggregate.mock.calls.length).toBeLessThanOrEqual(1);
  } finally {
    aggregate.mockRestore();
  }
});

it('answers while MongoDB is away, and says so', async () => {
  await engines.mongo.kill();
  const away = await says('mongo_up 0');
  expect(away.join('\n')).not.toContain('hyperdx_tenancy_tenants{');
  await engines.mongo.restart();
  await says('mongo_up 1', 'tenants{status="active"} 2');
}, 60_000);
