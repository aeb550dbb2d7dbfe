import { createConnection } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '../../process';
import { collectorMetrics, runTelemetrygen, startSupervisor, type Supervisor } from '..';
import { fakeOpampServer, type FakeOpampServer, type Heard } from './fakeOpampServer';
import { badConfig, offeredConfig } from './offers';

jest.setTimeout(300_000);

/** Twice `config_apply_timeout`: APPLIED may come no sooner than that is over. */
const patience = { timeoutMs: 120_000 };

function heard(server: FakeOpampServer, what: string, test: (message: Heard) => boolean) {
  return waitFor(() => server.heard.find(test), { ...patience, what });
}

function verdict(server: FakeOpampServer, hash: string, value: string) {
  return heard(
    server,
    `${value} of ${hash}`,
    ({ status }) => status?.hash === hash && status.value === value,
  );
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

function send(supervisor: Supervisor, key: string, http = false) {
  const port = http ? supervisor.httpPort : supervisor.grpcPort;
  return runTelemetrygen({ signal: 'logs', endpoint: `127.0.0.1:${port}`, http, key, count: 5 });
}

async function accepted(supervisor: Supervisor): Promise<number> {
  const metrics = await collectorMetrics(supervisor.metricsPort);
  return metrics.sum('otelcol_receiver_accepted_log_records', { receiver: 'otlp/hyperdx' });
}

describe('a supervisor as docker/collector sets it', () => {
  let server: FakeOpampServer;
  let supervisor: Supervisor;
  let dir: string;

  beforeAll(async () => {
    server = await fakeOpampServer();
    dir = await mkdtemp(join(tmpdir(), 'supervisor-'));
    server.offer(offeredConfig('one'), 'hash-1');
    supervisor = await startSupervisor({
      opampUrl: `${server.url}/t/some-token`,
      headers: { Authorization: 'Bearer of-tidings' },
      configApplyTimeoutSeconds: 2,
      dir,
    });
    await supervisor.waitForConfig('marker: one');
  });

  afterAll(async () => {
    await supervisor.stop();
    await server.close();
    await rm(dir, { recursive: true, force: true });
  });

  it('keeps a path prefix and sends the headers', () => {
    expect(server.heard[0]).toMatchObject({
      path: '/t/some-token/v1/opamp',
      headers: { authorization: 'Bearer of-tidings', 'content-type': 'application/x-protobuf' },
    });
  });

  it('accepts remote configs, reports heartbeats, and takes no connection settings', () => {
    const capabilities = server.heard[0]?.capabilities ?? 0n;
    expect(capabilities & 0x2n).toBe(0x2n);
    expect(capabilities & 0x2000n).toBe(0x2000n);
    expect(capabilities & 0x100n).toBe(0n);
  });

  it('polls as often as it was asked to', async () => {
    // An agent that was asked nothing polls every 30 seconds: it would not be here again before the wait is over.
    const quiet = server.heard.length;
    await waitFor(() => server.heard.length >= quiet + 3, {
      timeoutMs: 20_000,
      what: 'three polls',
    });
  });

  it('merges bootstrap, offer and local config in that order', () => {
    const config = supervisor.effectiveConfig();
    expect(config).toContain('- health_check');
    expect(config).toContain('- bearertokenauth/hyperdx');
    expect(config).toContain('- opamp');
    expect(config).toContain(`endpoint: 127.0.0.1:${supervisor.httpPort}`);
    expect(config).not.toContain(':4318');
  });

  it('reports an offer as applied', async () => {
    await verdict(server, 'hash-1', 'APPLYING');
    await verdict(server, 'hash-1', 'APPLIED');
    await heard(server, 'health', ({ healthy }) => healthy === true);
  });

  it('serves the offered keys, over gRPC and HTTP, and no others', async () => {
    await supervisor.waitForHealthy();
    await send(supervisor, 'key-one');
    await send(supervisor, 'key-one', true);
    expect(await accepted(supervisor)).toBe(10);
    await expect(send(supervisor, 'key-two')).rejects.toThrow(/Unauthenticated|401/);
  });

  it('changes to another offer in the running process', async () => {
    server.offer(offeredConfig('two'), 'hash-2');
    await supervisor.waitForConfig('marker: two');
    await send(supervisor, 'key-two');
    await expect(send(supervisor, 'key-one')).rejects.toThrow(/Unauthenticated|401/);
    expect(supervisor.logs()).toContain('SIGHUP');
  });

  it('refuses a bad offer and goes on with the last good one', async () => {
    server.offer(badConfig('bad'), 'hash-3');
    const { status } = await verdict(server, 'hash-3', 'FAILED');
    expect(status?.error).toContain('nosuchexporter');
    expect(supervisor.effectiveConfig()).toContain('marker: two');
    await send(supervisor, 'key-two');
  });

  it('comes back after a crash with the config it had, while the server is silent', async () => {
    server.offer(offeredConfig('three'), 'hash-4');
    await supervisor.waitForConfig('marker: three');
    const before = supervisor.pid;
    await supervisor.kill();
    expect(supervisor.pid).toBeUndefined();
    expect(await isOpen(supervisor.grpcPort)).toBe(false);

    await supervisor.restart();
    expect(supervisor.pid).not.toBe(before);
    await supervisor.waitForConfig('marker: three');
    await send(supervisor, 'key-three');
  });

  it('leaves no collector behind when the supervisor alone was killed', async () => {
    process.kill(supervisor.pid ?? 0, 'SIGKILL');
    await supervisor.stop();
    expect(await isOpen(supervisor.grpcPort)).toBe(false);
    expect(await isOpen(supervisor.healthPort)).toBe(false);
  });
});

describe('a supervisor as in the stock image', () => {
  it('tries a bad offer, reports it as failed, and recovers with the next', async () => {
    const server = await fakeOpampServer();
    server.offer(offeredConfig('one'), 'hash-1');
    const supervisor = await startSupervisor({ opampUrl: server.url, stock: true });
    try {
      await supervisor.waitForConfig('marker: one');
      server.offer(badConfig('bad'), 'hash-2');
      await verdict(server, 'hash-2', 'FAILED');
      expect(supervisor.effectiveConfig()).toContain('nosuchexporter');

      server.offer(offeredConfig('two'), 'hash-3');
      await supervisor.waitForConfig('marker: two');
      await send(supervisor, 'key-two');
      expect(supervisor.logs()).not.toContain('SIGHUP');
    } finally {
      await supervisor.stop();
      await server.close();
    }
    expect(await isOpen(supervisor.grpcPort)).toBe(false);
  });
});

it('starts several at once', async () => {
  const server = await fakeOpampServer();
  const starts = await Promise.allSettled(
    Array.from({ length: 3 }, () => startSupervisor({ opampUrl: server.url })),
  );
  const started = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  await Promise.all(started.map((supervisor) => supervisor.stop()));
  await server.close();
  expect(started).toHaveLength(3);
});

it('says why a supervisor does not start', async () => {
  await expect(startSupervisor({ opampUrl: 'gopher://127.0.0.1' })).rejects.toThrow(
    /invalid scheme "gopher"/,
  );
});
