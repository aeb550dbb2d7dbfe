import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

import { waitFor } from '@hyperdx-tenancy/devkit/process';
import {
  AgentCapabilities,
  createOpAMPClient,
  DIAG_CH_SEND_FAIL,
  DIAG_CH_SEND_SUCCESS,
  RemoteConfigStatuses,
} from '@elastic/opamp-client-node';

import type { MemoryFleet } from '../fuzz/memoryFleet';
import { startOpamp } from './opampFixture';
import type { StartedOpamp } from './opampFixture';

// Elastic's client in JavaScript: it knows the protocol from the specification's own file, and nothing of this server.

type Client = ReturnType<typeof createOpAMPClient>;
/** As the client hands it on. */
interface RemoteConfig {
  configHash: Uint8Array;
  config?: { configMap: Record<string, { body: Uint8Array } | undefined> };
}

const SHARD = 'shared:default';
const OTHER = 'dedicated:64b0c0ffee64b0c0ffee64b0';
const instanceUid = '0192f0c1-b2a3-7000-8000-00000000abcd';
const uidHex = instanceUid.replaceAll('-', '');
const takesConfig = BigInt(Number(AgentCapabilities['AgentCapabilities_AcceptsRemoteConfig']));
const reportsConfig = BigInt(Number(AgentCapabilities['AgentCapabilities_ReportsRemoteConfig']));

const APPLIED = Number(RemoteConfigStatuses['RemoteConfigStatuses_APPLIED']);
const FAILED = Number(RemoteConfigStatuses['RemoteConfigStatuses_FAILED']);

let opamp: StartedOpamp;
let fleet: MemoryFleet;
const clients: Client[] = [];

beforeEach(async () => {
  opamp = await startOpamp();
  fleet = opamp.fleet;
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.shutdown()));
  await opamp.stop();
});

interface Running {
  client: Client;
  /** Texts of the configs that it was given, in order. */
  configs: string[];
}

/** A client that takes what it is given, and says so as `status` tells. */
function start(options: {
  token?: string;
  capabilities?: bigint;
  status?: number;
  url?: string;
}): Running {
  const { token = 't', capabilities = takesConfig | reportsConfig } = options;
  const configs: string[] = [];
  const client = createOpAMPClient({
    endpoint: options.url ?? opamp.url,
    headers: { Authorization: `Bearer ${token}` },
    instanceUid,
    capabilities,
    heartbeatIntervalSeconds: 0.1,
    diagEnabled: true,
    onMessage: ({ remoteConfig }: { remoteConfig?: RemoteConfig }) => {
      if (!remoteConfig) return;
      configs.push(textOf(remoteConfig));
      if ((capabilities & reportsConfig) === 0n) return;
      client.setRemoteConfigStatus({
        lastRemoteConfigHash: remoteConfig.configHash,
        status: options.status ?? APPLIED,
        errorMessage: options.status === undefined ? '' : 'no use for s3cret',
      } as Parameters<Client['setRemoteConfigStatus']>[0]);
    },
  });
  client.setAgentDescription({
    identifyingAttributes: { 'service.name': 'third-party', 'service.version': '1.2.3' },
    nonIdentifyingAttributes: { 'os.type': 'linux' },
  });
  client.start();
  clients.push(client);
  return { client, configs };
}

function textOf(config: RemoteConfig): string {
  return Buffer.from(config.config?.configMap['']?.body ?? []).toString();
}

interface Exchange {
  a2s: { sequenceNum: bigint; agentDescription?: unknown };
  s2a?: { flags: bigint; errorResponse?: { type: number; errorMessage: string } };
  err?: unknown;
  retryAfterMs?: number | null;
}

/** What its messages came to, from now on. */
function listen(channel: string): { exchanges: Exchange[]; stop(): void } {
  const exchanges: Exchange[] = [];
  const take = (exchange: unknown): void => void exchanges.push(exchange as Exchange);
  subscribe(channel, take);
  return { exchanges, stop: () => unsubscribe(channel, take) };
}

/** In front of several processes: sends each poll to the next of `targets`. */
async function startBalancer(
  ...targets: string[]
): Promise<{ url: string; targets: string[]; stop(): Promise<void> }> {
  let polls = 0;
  const server = createServer((req, res) => {
    const { method, headers } = req;
    const target = balancer.targets[polls % balancer.targets.length] ?? '';
    polls += 1;
    const onward = request(target, { method, headers, agent: false }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
    });
    onward.on('error', () => res.destroy());
    req.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const balancer = {
    url: `http://127.0.0.1:${port}/v1/opamp`,
    targets,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return balancer;
}

const until = (what: string, is: () => boolean): Promise<unknown> =>
  waitFor(() => Promise.resolve(is() || undefined), { what, timeoutMs: 10_000 });

describe("Elastic's OpAMP client", () => {
  it('gets the config, says that it applied it, and is not given it again', async () => {
    const { exchanges, stop } = listen(DIAG_CH_SEND_SUCCESS);
    const { configs } = start({});
    await until('an applied config', () => fleet.reports.length > 0);
    expect(fleet.reports).toEqual([
      expect.objectContaining({ shard: SHARD, instanceUid: uidHex, status: 'applied' }),
    ]);
    const before = exchanges.length;
    await until('polls after it', () => exchanges.length > before + 3);
    stop();
    expect(configs).toEqual(['first config']);
    expect(fleet.reports).toHaveLength(1);
    // Known from the first message on: it was never asked to say it all again.
    expect(exchanges.filter(({ s2a }) => s2a?.flags !== 0n)).toEqual([]);
    expect(exchanges.filter(({ a2s }) => a2s.agentDescription !== undefined)).toHaveLength(1);
  });

  it('gets the next config with a poll', async () => {
    const { configs } = start({});
    await until('the first config', () => configs.length === 1);
    fleet.offer(SHARD, 'second config');
    await until('the second config', () => configs.length === 2);
    await until('a report on it', () => fleet.reports.length === 2);
    expect(configs).toEqual(['first config', 'second config']);
  });

  it('is kept with what it says of itself', async () => {
    start({});
    await until('an agent in step', () =>
      opamp.agentLog.notes.some(({ state }) => state === 'in_step'),
    );
    expect(opamp.agentLog.notes.find(({ attributes }) => attributes)).toMatchObject({
      instanceUid: uidHex,
      transport: 'http',
      attributes: {
        'service.name': 'third-party',
        'service.version': '1.2.3',
        'os.type': 'linux',
      },
    });
  });

  it('that fails is not given the same config again, and its reason is kept without secrets', async () => {
    const { exchanges, stop } = listen(DIAG_CH_SEND_SUCCESS);
    const { configs } = start({ status: FAILED });
    await until('a failure', () => fleet.reports.length > 0);
    const before = exchanges.length;
    await until('polls after it', () => exchanges.length > before + 3);
    stop();
    expect(configs).toEqual(['first config']);
    expect(fleet.reports[0]).toMatchObject({ status: 'failed', error: 'no use for ***' });
  });

  it('that never reports is given a config once', async () => {
    const { exchanges, stop } = listen(DIAG_CH_SEND_SUCCESS);
    const { configs } = start({ capabilities: takesConfig });
    await until('polls', () => exchanges.length > 4);
    stop();
    expect(configs).toEqual(['first config']);
    expect(opamp.agentLog.notes.at(-1)?.state).toBe('in_step');
  });

  it('that takes no config is given none', async () => {
    const { exchanges, stop } = listen(DIAG_CH_SEND_SUCCESS);
    const { configs } = start({ capabilities: 0n });
    await until('polls', () => exchanges.length > 3);
    stop();
    expect(configs).toEqual([]);
  });

  it('is asked to say all of itself again by a process that does not know it, and goes on', async () => {
    const second = await startOpamp();
    const balancer = await startBalancer(opamp.url);
    const { exchanges, stop } = listen(DIAG_CH_SEND_SUCCESS);
    try {
      const { configs } = start({ url: balancer.url });
      await until('a report', () => fleet.reports.length === 1);
      balancer.targets = [second.url];
      await until('a report to the other process', () => second.fleet.reports.length === 1);
      await until('an agent in step', () => second.agentLog.last(uidHex)?.state === 'in_step');
      const whole = () => exchanges.filter(({ a2s }) => a2s.agentDescription !== undefined);
      // The server has it before its client tells of the answer.
      await until('all of itself, again', () => whole().length >= 2);
      expect(exchanges.filter(({ s2a }) => s2a?.flags === 1n)).toHaveLength(1);
      expect(whole()).toHaveLength(2);
      expect(configs).toEqual(['first config']);
    } finally {
      stop();
      await balancer.stop();
      await second.stop();
    }
  });

  it('whose polls go to two processes in turn is in step, whichever of them hears so', async () => {
    const second = await startOpamp();
    const balancer = await startBalancer(opamp.url, second.url);
    const { exchanges, stop } = listen(DIAG_CH_SEND_SUCCESS);
    try {
      const { configs } = start({ url: balancer.url });
      const certain = () =>
        [opamp, second].map(({ agentLog }) => agentLog.notes.filter((note) => note.certain));
      await until('an agent in step', () =>
        certain().some((notes) => notes.at(-1)?.state === 'in_step'),
      );
      const before = exchanges.length;
      const known = certain().map((notes) => notes.length);
      await until('polls after it', () => exchanges.length > before + 20);
      // Nobody who missed what the other was told says that it is not.
      for (const [at, notes] of certain().entries()) {
        const later = notes.slice(known[at]).map(({ state }) => state);
        expect(new Set(later)).toEqual(new Set(later.length > 0 ? ['in_step'] : []));
      }
      expect(certain().flatMap((notes) => notes.slice(-1))).not.toEqual([]);
      expect(new Set(configs)).toEqual(new Set(['first config']));
    } finally {
      stop();
      await balancer.stop();
      await second.stop();
    }
  });

  it('is told when to come back where there are too many agents', async () => {
    await opamp.stop();
    opamp = await startOpamp({ config: { maxAgents: 0 } });
    const { exchanges, stop } = listen(DIAG_CH_SEND_FAIL);
    const { configs } = start({});
    await until('a refusal', () => exchanges.length > 0);
    stop();
    expect(exchanges[0]).toMatchObject({ err: 'OpAMP server HTTP 429', retryAfterMs: 30_000 });
    expect(configs).toEqual([]);
  });

  it.each([
    ['with no token that is known', 'another'],
    ['with a token that was revoked', 'revoked'],
  ])('%s gets nothing', async (_how, token) => {
    fleet.revoke('revoked');
    const { exchanges, stop } = listen(DIAG_CH_SEND_FAIL);
    const { configs } = start({ token });
    await until('a refusal', () => exchanges.length > 0);
    stop();
    expect(String(exchanges[0]?.err)).toMatch(/statusCode=40[13]/);
    expect(configs).toEqual([]);
    expect(opamp.agentLog.notes).toEqual([]);
  });

  it("with the other group's token gets that group's config, under the same instance uid", async () => {
    fleet.addToken('other', OTHER);
    fleet.offer(OTHER, 'config of another');
    const ours = start({});
    const theirs = start({ token: 'other' });
    await until('both', () => ours.configs.length > 0 && theirs.configs.length > 0);
    await until('both reports', () => fleet.reports.length >= 2);
    expect(ours.configs).toEqual(['first config']);
    expect(theirs.configs).toEqual(['config of another']);
    expect(new Set(fleet.reports.map(({ shard }) => shard))).toEqual(new Set([SHARD, OTHER]));
  });
});
