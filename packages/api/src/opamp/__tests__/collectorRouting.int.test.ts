import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  buildDedicatedConfig,
  buildSharedConfig,
  checkFragment,
} from '@hyperdx-tenancy/domain/collector';
import type { BuiltConfig, CollectorTeam } from '@hyperdx-tenancy/domain/collector';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import {
  bootstrapConfig,
  collectorMetrics,
  startCollector,
} from '@hyperdx-tenancy/devkit/collector';
import type { Collector } from '@hyperdx-tenancy/devkit/collector';
import { freePort, waitFor } from '@hyperdx-tenancy/devkit/process';
import { startClickhouseSink } from './clickhouseSink';
import type { ClickhouseSink } from './clickhouseSink';
import { forwardLog } from './fluentd';
import { exportLogs, exportLogsWithKeys, gauge, logs, logsOf, postOtlp, span } from './otlp';

jest.setTimeout(90_000);

const placeholderToken = 'placeholder-nobody-has';
const password = 'p$$w:${env:HOME}$';

interface Tenant {
  id: string;
  key: string;
}

const acme: Tenant = { id: 'a'.repeat(24), key: 'aa-key-of-acme' };
const globex: Tenant = { id: 'b'.repeat(24), key: 'ab-key-of-globex' };
const initech: Tenant = { id: 'c'.repeat(24), key: '$b-key/of+initech~._A9' };

let sink: ClickhouseSink;
let collector: Collector;

function team(
  { id, key }: Tenant,
  changes: Partial<CollectorTeam> = {},
  endpoint = sink.endpoint,
): CollectorTeam {
  return {
    teamId: `team-of-${id}`,
    tenantId: parseTenantId(id),
    apiKey: key,
    authenticate: true,
    credentials: {
      kind: 'literal',
      endpoint,
      username: `writer_${id}`,
      password,
      database: 'telemetry',
    },
    ...changes,
  };
}

/** Runs a collector of its own for the tests of a block. */
function withCollector(build: () => BuiltConfig, ...more: object[]): void {
  beforeAll(async () => {
    sink = await startClickhouseSink();
    const over = more.map((config) => JSON.stringify(config));
    collector = await startCollector({ config: [bootstrapConfig, build().body, ...over] });
  });
  afterAll(async () => {
    await collector.stop();
    await sink.close();
  });
}

const table = (base: string, { id }: Tenant) => `"telemetry"."${base}_${id}"`;

/** Waits until each text has landed in its table, and finds it nowhere else, and there once. */
async function expectLanded(expected: Record<string, string>): Promise<void> {
  const texts = Object.keys(expected);
  const tablesWith = (text: string) =>
    sink.inserts.filter(({ body }) => body.includes(text)).map((insert) => insert.table);
  await waitFor(() => texts.every((text) => tablesWith(text).length > 0), {
    what: 'every record to land',
    timeoutMs: 20_000,
  });
  expect(texts.map((text) => [text, tablesWith(text)])).toEqual(
    Object.entries(expected).map(([text, place]) => [text, [place]]),
  );
}

const authorization = (...keys: string[]) =>
  keys.map((key): [string, string] => ['authorization', key]);
const post = (
  signal: 'logs' | 'traces' | 'metrics',
  keys: string[],
  body: object,
): Promise<number> => postOtlp(collector.httpPort, signal, authorization(...keys), body);
const postText = (keys: string[], text: string) => post('logs', keys, logs(logsOf([text])));

/** Waits until the counter of what belongs to nobody has come to a number. */
const unroutedCount = (what: string, count: number) =>
  waitFor(
    async () => {
      const metrics = await collectorMetrics(collector.metricsPort);
      return metrics.sum(`otelcol_exporter_sent_${what}`, { exporter: 'debug/unrouted' }) === count;
    },
    { what: `${count} ${what} to be counted as unrouted`, timeoutMs: 10_000 },
  );

describe('a shared collector', () => {
  // Let in, but on no route: as no config of ours does it, to see what the routers make of it.
  const strangers = ['zz-first-step-fails', 'aa-second-step-fails'];
  const tokens = [acme.key, globex.key, initech.key.replace('$', '$$$$'), ...strangers];
  withCollector(
    () =>
      buildSharedConfig({
        teams: [acme, globex, initech].map((tenant) => team(tenant)),
        placeholderToken,
        // Queues of the least size, and requests of 1 MiB.
        memoryLimitMiB: 24,
      }),
    { extensions: { 'bearertokenauth/hyperdx': { tokens } } },
  );

  it.each([
    ['Acme', acme],
    ['Globex', globex],
    ['Initech', initech],
  ])("stores every signal under the key of %s in that tenant's tables", async (name, tenant) => {
    const replay = logs(logsOf([`replay of ${name}`], { replay: true }));
    expect(await postText([tenant.key], `log of ${name}`)).toBe(200);
    expect(await post('logs', [tenant.key], replay)).toBe(200);
    expect(await post('traces', [tenant.key], span(`span of ${name}`))).toBe(200);
    expect(await post('metrics', [tenant.key], gauge(`gauge of ${name}`))).toBe(200);
    expect(await exportLogs(collector.grpcPort, tenant.key, `over gRPC for ${name}`)).toBe(0);
    await expectLanded({
      [`log of ${name}`]: table('otel_logs', tenant),
      [`over gRPC for ${name}`]: table('otel_logs', tenant),
      [`replay of ${name}`]: table('hyperdx_sessions', tenant),
      [`span of ${name}`]: table('otel_traces', tenant),
      [`gauge of ${name}`]: table('otel_metrics_gauge', tenant),
    });
    expect(sink.credentials).toContain(`writer_${tenant.id}:${password}`);
  });

  it('keeps all resources of a request together at their tenant, and parts replays from logs', async () => {
    const request = logs(
      logsOf(['first log', 'second log']),
      logsOf(['first replay', 'second replay'], { replay: true }),
      logsOf(['third log']),
    );
    expect(await post('logs', [globex.key], request)).toBe(200);
    await expectLanded({
      'first log': table('otel_logs', globex),
      'second log': table('otel_logs', globex),
      'third log': table('otel_logs', globex),
      'first replay': table('hyperdx_sessions', globex),
      'second replay': table('hyperdx_sessions', globex),
    });
  });

  it('refuses who carries no key of a tenant', async () => {
    for (const keys of [
      [],
      ['unknown-key'],
      [`Bearer ${acme.key}`],
      [`${acme.key},${globex.key}`],
    ]) {
      expect(await postText(keys, 'not to land')).toBe(401);
    }
    expect(await exportLogs(collector.grpcPort, 'unknown-key', 'not to land')).toBe(16);
    expect(await postText([acme.key], 'let in since')).toBe(200);
    await expectLanded({ 'let in since': table('otel_logs', acme) });
    expect(sink.inserts.some(({ body }) => body.includes('not to land'))).toBe(false);
  });

  it('stores a request with two keys where the first one belongs, as it was let in', async () => {
    const { httpPort, grpcPort } = collector;
    expect(await postText([acme.key, globex.key], 'http acme first')).toBe(200);
    expect(await postText([globex.key, acme.key], 'http globex first')).toBe(200);
    expect(await postText([acme.key, 'unknown-key'], 'http acme, unknown')).toBe(200);
    expect(await postText(['unknown-key', acme.key], 'http unknown first')).toBe(401);
    await exportLogsWithKeys(grpcPort, [acme.key, globex.key], 'grpc acme first');
    await exportLogsWithKeys(grpcPort, [globex.key, acme.key], 'grpc globex first');
    await exportLogsWithKeys(grpcPort, ['unknown-key', acme.key], 'grpc unknown first');
    // In lower case, as client metadata is kept, this name is `authorization` too.
    const lookalike: [string, string] = ['author\u0130zation', globex.key];
    const headers = [...authorization(acme.key), lookalike];
    expect(await postOtlp(httpPort, 'logs', headers, logs(logsOf(['lookalike'])))).toBe(400);
    await expectLanded({
      'http acme first': table('otel_logs', acme),
      'http globex first': table('otel_logs', globex),
      'http acme, unknown': table('otel_logs', acme),
      'grpc acme first': table('otel_logs', acme),
      'grpc globex first': table('otel_logs', globex),
    });
    for (const text of ['unknown first', 'lookalike']) {
      expect(sink.inserts.some(({ body }) => body.includes(text))).toBe(false);
    }
  });

  it('refuses for good what is larger than a queue', async () => {
    const large = 'x'.repeat(1.2 * 1024 * 1024);
    expect(await postText([acme.key], large)).toBe(400);
    // ResourceExhausted, which OTLP retries only where the answer says when.
    expect(await exportLogs(collector.grpcPort, acme.key, large)).toBe(8);
    const fits = `fits ${'y'.repeat(900 * 1024)}`;
    expect(await postText([acme.key], fits)).toBe(200);
    await expectLanded({ [fits]: table('otel_logs', acme) });
  });

  it('counts what is let in and belongs to nobody, and says nothing of its contents', async () => {
    const before = sink.inserts.length;
    for (const key of strangers) {
      expect(await postText([key], 'nobody’s secret')).toBe(200);
      expect(await post('logs', [key], logs(logsOf(['secret'], { replay: true })))).toBe(200);
      expect(await post('traces', [key], span('secret'))).toBe(200);
      expect(await post('metrics', [key], gauge('secret'))).toBe(200);
    }
    await unroutedCount('log_records', 4);
    await unroutedCount('spans', 2);
    await unroutedCount('metric_points', 2);
    expect(collector.logs()).toContain('debug/unrouted');
    expect(collector.logs()).not.toContain('secret');
    expect(sink.inserts).toHaveLength(before);
  });
});

describe('a shared collector with keys of every character', () => {
  const characters = Array.from(
    'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~+/$-',
  );
  const tenants: Tenant[] = characters.map((character, i) => ({
    id: i.toString(16).padStart(24, '0'),
    key: `${character}${character}$$x-9${character}`,
  }));
  withCollector(() =>
    buildSharedConfig({
      teams: [...tenants.map((tenant) => team(tenant)), team({ id: acme.id, key: '" == "' })],
      placeholderToken,
    }),
  );

  it('serves each of them, over HTTP and gRPC', async () => {
    const expected: Record<string, string> = {};
    for (const [i, tenant] of tenants.entries()) {
      expect(await postText([tenant.key], `http ${i}.`)).toBe(200);
      expect(await exportLogs(collector.grpcPort, tenant.key, `grpc ${i}.`)).toBe(0);
      expected[`http ${i}.`] = expected[`grpc ${i}.`] = table('otel_logs', tenant);
    }
    await expectLanded(expected);
  });
});

describe('a shared collector with queues on disk', () => {
  it('stores what it acknowledged while ClickHouse was away, though it crashed since', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'collector-queues-'));
    const port = await freePort();
    const built = buildSharedConfig({
      teams: [team(acme, {}, `http://127.0.0.1:${port}?compress=none`)],
      placeholderToken,
      storage: { extension: 'file_storage', directory },
    });
    collector = await startCollector({ config: [bootstrapConfig, built.body] });
    try {
      expect(await postText([acme.key], 'acknowledged')).toBe(200);
      await collector.kill();
      sink = await startClickhouseSink(port);
      await collector.restart();
      await expectLanded({ acknowledged: table('otel_logs', acme) });
    } finally {
      await collector.stop();
      await sink.close();
      await rm(directory, { recursive: true, force: true });
    }
  });
});

describe('a shared collector of nobody', () => {
  withCollector(() => buildSharedConfig({ teams: [], placeholderToken }));

  it('is up and answers 401', async () => {
    expect(await postText([acme.key], 'text')).toBe(401);
    expect(await exportLogs(collector.grpcPort, acme.key, 'text')).toBe(16);
  });

  it('stores nothing even under its placeholder, and counts it', async () => {
    expect(await postText([placeholderToken], 'text')).toBe(200);
    expect(await post('traces', [placeholderToken], span('text'))).toBe(200);
    await unroutedCount('log_records', 1);
    await unroutedCount('spans', 1);
    expect(sink.inserts).toEqual([]);
  });
});

/** Sends one of each signal under a tenant's key. @returns the answers: HTTP's for four, then gRPC's. */
async function postEverything({ key }: Tenant, name: string): Promise<number[]> {
  const replay = logs(logsOf([`replay of ${name}`], { replay: true }));
  return [
    await postText([key], `log of ${name}`),
    await post('logs', [key], replay),
    await post('traces', [key], span(`span of ${name}`)),
    await post('metrics', [key], gauge(`gauge of ${name}`)),
    await exportLogs(collector.grpcPort, key, `over gRPC for ${name}`),
  ];
}

const landedEverything = (tenant: Tenant, name: string) =>
  expectLanded({
    [`log of ${name}`]: table('otel_logs', tenant),
    [`over gRPC for ${name}`]: table('otel_logs', tenant),
    [`replay of ${name}`]: table('hyperdx_sessions', tenant),
    [`span of ${name}`]: table('otel_traces', tenant),
    [`gauge of ${name}`]: table('otel_metrics_gauge', tenant),
  });

/** Stored, and: HTTP 503 and gRPC Unavailable, with which a sender keeps its data and tries again. */
const accepted = [200, 200, 200, 200, 0];
const tryAgain = [503, 503, 503, 503, 14];

describe('a shared collector with a tenant in quarantine', () => {
  withCollector(() =>
    buildSharedConfig({
      teams: [acme, globex, initech].map((tenant) => team(tenant)),
      placeholderToken,
      quarantined: new Set([parseTenantId(globex.id)]),
    }),
  );

  it('asks its senders to try again, counts what it refused, and serves the others', async () => {
    expect(await postEverything(globex, 'Globex')).toEqual(tryAgain);
    expect(await postEverything(acme, 'Acme')).toEqual(accepted);
    expect(await postEverything(initech, 'Initech')).toEqual(accepted);
    await landedEverything(acme, 'Acme');
    await landedEverything(initech, 'Initech');
    expect(sink.inserts.some(({ body }) => body.includes('Globex'))).toBe(false);
    expect(sink.inserts.some(({ table: name }) => name.includes(globex.id))).toBe(false);
    expect(collector.logs()).not.toContain('of Globex');
    const metrics = await collectorMetrics(collector.metricsPort);
    const exporter = `debug/quarantine-${globex.id}`;
    expect(metrics.sum('otelcol_exporter_enqueue_failed_log_records', { exporter })).toBe(3);
    expect(metrics.sum('otelcol_exporter_enqueue_failed_spans', { exporter })).toBe(1);
  });

  it('refuses the smallest and the largest request alike', async () => {
    expect(await postText([globex.key], '')).toBe(503);
    expect(await postText([globex.key], 'x'.repeat(2 * 1024 * 1024))).toBe(503);
    expect(await postText(['unknown-key'], '')).toBe(401);
  });
});

describe('a shared collector with a quarantine of its own', () => {
  let apart: Collector;
  let httpPort: number;
  beforeAll(async () => {
    httpPort = await freePort();
    sink = await startClickhouseSink();
    const everyone = [acme, globex].map((tenant) => team(tenant));
    const [main, quarantine] = [
      buildSharedConfig({
        teams: everyone,
        placeholderToken,
        quarantined: new Set([parseTenantId(globex.id)]),
        quarantineEndpoint: `http://127.0.0.1:${httpPort}`,
      }),
      buildSharedConfig({ teams: [team(globex)], placeholderToken }),
    ];
    apart = await startCollector({
      config: [bootstrapConfig, quarantine.body],
      ports: { httpPort },
    });
    collector = await startCollector({ config: [bootstrapConfig, main.body] });
  });
  afterAll(async () => {
    await collector.stop();
    await apart.stop();
    await sink.close();
  });

  it("stores the tenant's telemetry by way of it, and that of the others without it", async () => {
    expect(await postEverything(globex, 'Globex')).toEqual(accepted);
    await landedEverything(globex, 'Globex');
    expect(await postEverything(acme, 'Acme')).toEqual(accepted);
    await landedEverything(acme, 'Acme');
    const sentBy = async ({ metricsPort }: Collector, exporter: string) =>
      (await collectorMetrics(metricsPort)).sum('otelcol_exporter_sent_log_records', { exporter });
    expect(await sentBy(collector, `otlp_http/quarantine-${globex.id}`)).toBe(3);
    expect(await sentBy(apart, `clickhouse/${globex.id}`)).toBe(2);
    expect(await sentBy(apart, `clickhouse/${acme.id}`)).toBe(0);
  });

  it('asks its senders to try again while it is away, and serves the others', async () => {
    await apart.kill();
    expect(await postEverything(globex, 'Globex in vain')).toEqual(tryAgain);
    expect(await postEverything(acme, 'Acme alone')).toEqual(accepted);
    await landedEverything(acme, 'Acme alone');
    await apart.restart();
    expect(await postEverything(globex, 'Globex again')).toEqual(accepted);
    await landedEverything(globex, 'Globex again');
    expect(sink.inserts.some(({ body }) => body.includes('in vain'))).toBe(false);
  });
});

describe("a team's own collector", () => {
  withCollector(() => buildDedicatedConfig({ team: team(acme), placeholderToken }));

  it("stores every signal in the tenant's tables, under its key alone", async () => {
    const replay = logs(logsOf(['a replay'], { replay: true }));
    expect(await postText([globex.key], 'refused')).toBe(401);
    expect(await postText([acme.key], 'a log')).toBe(200);
    expect(await post('logs', [acme.key], replay)).toBe(200);
    expect(await post('traces', [acme.key], span('a span'))).toBe(200);
    expect(await post('metrics', [acme.key], gauge('a gauge'))).toBe(200);
    await expectLanded({
      'a log': table('otel_logs', acme),
      'a replay': table('hyperdx_sessions', acme),
      'a span': table('otel_traces', acme),
      'a gauge': table('otel_metrics_gauge', acme),
    });
  });
});

describe("a team's own collector that asks for no key", () => {
  withCollector(() =>
    buildDedicatedConfig({ team: team(acme, { authenticate: false }), placeholderToken }),
  );

  it("stores what comes in the tenant's tables", async () => {
    expect(await postText([], 'without a key')).toBe(200);
    expect(await postText([globex.key], 'with a key')).toBe(200);
    await expectLanded({
      'without a key': table('otel_logs', acme),
      'with a key': table('otel_logs', acme),
    });
  });
});

describe("a suspended team's own collector", () => {
  withCollector(() =>
    buildDedicatedConfig({ team: team(acme, { suspended: true }), placeholderToken }),
  );

  it('is up and answers 401', async () => {
    expect(await postText([acme.key], 'text')).toBe(401);
    expect(await exportLogs(collector.grpcPort, acme.key, 'text')).toBe(16);
  });
});

describe("a team's own collector with more ways in", () => {
  let scraped: Server;
  let requests: (string | undefined)[] = [];
  let ownPort: number;

  beforeAll(async () => {
    requests = [];
    ownPort = await freePort();
    scraped = createServer((request, response) => {
      requests.push(request.headers.authorization);
      response.setHeader('content-type', 'text/plain; version=0.0.4');
      response.end('# TYPE widgets_made gauge\nwidgets_made{line="a"} 7\n');
    });
    await new Promise<void>((resolve) => scraped.listen(0, '127.0.0.1', resolve));
    const { port } = scraped.address() as AddressInfo;
    sink = await startClickhouseSink();
    const built = buildDedicatedConfig({
      team: team(acme),
      placeholderToken,
      extraReceivers: {
        fluentforward: { endpoint: '127.0.0.1:24225' },
        prometheus: {
          scrapeConfigs: [
            {
              job_name: 'widgets',
              scrape_interval: '1s',
              static_configs: [{ targets: [`127.0.0.1:${port}`] }],
              basic_auth: { username: 'scraper', password: '${env:SCRAPE_PASSWORD}' },
              relabel_configs: [
                {
                  source_labels: ['job'],
                  regex: '(wid)(.*)',
                  target_label: 'made_of',
                  replacement: '${1}$2-and-$1',
                },
              ],
            },
          ],
        },
      },
      fragment: checkFragment(
        {
          receivers: { 'otlp/own': { protocols: { http: { endpoint: `127.0.0.1:${ownPort}` } } } },
          service: {
            pipelines: {
              'logs/own': {
                receivers: ['otlp/own'],
                processors: ['memory_limiter', 'batch'],
                exporters: ['clickhouse'],
              },
            },
          },
        },
        'dedicated',
      ),
    });
    collector = await startCollector({
      config: [bootstrapConfig, built.body],
      env: { SCRAPE_PASSWORD: 'of-the-scraper' },
    });
  });
  afterAll(async () => {
    await collector.stop();
    await sink.close();
    scraped.closeAllConnections();
    await new Promise((resolve) => scraped.close(resolve));
  });

  it("stores what comes by Fluentd's protocol, and what it scrapes, in the tenant's tables", async () => {
    await forwardLog(collector.fluentPort, 'ERROR from Fluentd');
    await expectLanded({ 'ERROR from Fluentd': table('otel_logs', acme) });
    const landed = ({ body }: { body: Buffer }) => body.includes('widgets_made');
    await waitFor(() => sink.inserts.some(landed), {
      what: 'the scraped metric to land',
      timeoutMs: 30_000,
    });
    const [gauges] = sink.inserts.filter(landed);
    expect(gauges?.table).toBe(table('otel_metrics_gauge', acme));
    expect(gauges?.body.includes('widgets-and-wid')).toBe(true);
    const login = Buffer.from('scraper:of-the-scraper').toString('base64');
    expect(new Set(requests)).toEqual(new Set([`Basic ${login}`]));
    expect(new Set(sink.inserts.map(({ table: name }) => name.split('_').at(-1)))).toEqual(
      new Set([`${acme.id}"`]),
    );
  });

  it("stores what comes by an operator's part, and its own as before", async () => {
    expect(await postOtlp(ownPort, 'logs', [], logs(logsOf(['by the own door'])))).toBe(200);
    expect(await postText([acme.key], 'by the front door')).toBe(200);
    expect(await postText([], 'refused')).toBe(401);
    await expectLanded({
      'by the own door': table('otel_logs', acme),
      'by the front door': table('otel_logs', acme),
    });
  });
});
