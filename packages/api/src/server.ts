import { createServer } from 'node:http';
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import mongoose from 'mongoose';

import createApiApp from './api-app';
import type { Config } from './config';
import { flushAudit } from './controllers/audit';
import { createContext } from './controllers/context';
import type { Context } from './controllers/context';
import { dropFormerKeys } from './controllers/ingestionKeys';
import { warnWithoutAdmin } from './controllers/lastAdmin';
import { followPlans } from './controllers/planChanges';
import { createReadiness } from './controllers/readiness';
import { reconcileTarget } from './controllers/reconcile';
import { endExpiredSupport } from './controllers/support';
import { createTenantCounter } from './controllers/tenantCounts';
import { createDoor } from './door';
import type { Door } from './door';
import { createGateway } from './gateway';
import type { Gateway } from './gateway';
import { measureReconcile } from './metrics';
import { createMetricsServer } from './metrics-app';
import { buildIndexes } from './models/indexes';
import createOpampServer from './opamp/app';
import type { OpampServer } from './opamp/app';
import { createCollectors } from './opamp/collectors';
import type { Collectors } from './opamp/collectors';
import { plaintextWarning } from './opamp/transport/tls';
import { PeriodicTask } from './tasks/periodic';
import type { Logger } from './utils/logger';

/** How long requests under way may take when the process is asked to stop. */
const STOP_MS = 10_000;
/** Between two tries to make MongoDB ready: doubled each time. */
const CONNECT_AGAIN_MS = 500;
const CONNECT_AGAIN_MAX_MS = 30_000;

/** How long an unfinished tenant waits for a process to take it up, at the most, once it may. */
const RECONCILE_EVERY_MS = 2_000;

/** How soon tenants that were busy when their plan changed are found. */
const PLANS_EVERY_MS = 5 * 60_000;

/** Longer than HyperDX's 61 s: an idle socket is closed by its side, which is the one that uses it again. */
const KEEP_ALIVE_MS = 75_000;

/** HyperDX's limits: its UI's cookies and URLs are larger than Node's default of 16 KB. */
const MAX_HEADER_BYTES = 131_072;

async function listen(server: HttpServer, port: number, address: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}

async function close(server: HttpServer): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), STOP_MS);
  await closed;
  clearTimeout(cut);
}

/**
 * The service: the API, the query door, the OpAMP server and the metrics, each on its port. It listens at once and
 * connects to MongoDB in the background, for as long as that takes: `/ready` says what is missing.
 */
export default class Server {
  private readonly context: Context;
  private readonly collectors: Collectors;
  private readonly tasks: readonly PeriodicTask[];
  private readonly api: HttpServer;
  private readonly gateway: Gateway;
  private readonly door: Door;
  private readonly opamp: OpampServer;
  private readonly metrics: HttpServer;
  private readonly stopping = new AbortController();
  private connected: Promise<void> | undefined;
  private indexed = false;

  /** @param reconcileEveryMs how often this process looks for tenants that nobody works on. */
  constructor(
    private readonly config: Config,
    private readonly log: Logger,
    reconcileEveryMs = RECONCILE_EVERY_MS,
  ) {
    this.context = createContext(config, log);
    const { metrics } = this.context;
    this.collectors = createCollectors(config, this.context, reconcileEveryMs);
    // One for each target: a server that is out of reach holds up nobody else.
    const reconcilers = this.context.targets.all.map(
      (target) =>
        new PeriodicTask({
          name: `reconcile ${target.name}`,
          everyMs: reconcileEveryMs,
          work: () => measureReconcile(metrics, () => reconcileTarget(target, this.context)),
          log,
        }),
    );
    const plans = new PeriodicTask({
      name: 'plans',
      everyMs: Math.max(reconcileEveryMs, PLANS_EVERY_MS),
      work: () => followPlans(this.context),
      log,
    });
    const accounts = [
      { name: 'support', work: () => endExpiredSupport(this.context) },
      { name: 'formerKeys', work: () => dropFormerKeys(this.context) },
    ].map(({ name, work }) => new PeriodicTask({ name, everyMs: reconcileEveryMs, work, log }));
    this.tasks = [...reconcilers, plans, ...accounts];
    const readiness = createReadiness(this.context, {
      indexes: () => this.indexed,
      collectorConfigs: () => this.collectors.fleet.ready,
    });
    this.gateway = createGateway({ ...config, metrics, log });
    this.door = createDoor({ context: this.context });
    this.api = createServer(
      {
        maxHeaderSize: MAX_HEADER_BYTES,
        requestTimeout: 60_000,
        keepAliveTimeout: KEEP_ALIVE_MS,
      },
      this.gateway.listener(
        createApiApp(config, this.context, {
          readiness,
          isServing: () => this.indexed,
          door: this.door,
        }),
      ),
    );
    this.api.on('upgrade', (req, socket, head) => this.gateway.upgrade(req, socket, head));
    const { fleet, agentLog } = this.collectors;
    this.opamp = createOpampServer({
      fleet,
      agentLog,
      readiness,
      config: config.opamp,
      log,
      metrics,
    });
    this.metrics = createMetricsServer({
      metrics,
      countTenants: createTenantCounter(),
      countAgents: () => this.opamp.countAgents(),
      log,
    });
  }

  /** Opens all ports. @throws where one cannot be opened. */
  async start(): Promise<{
    port: number;
    opampPort: number;
    metricsPort: number;
    doorPort: number;
  }> {
    const { bindAddress } = this.config;
    // First: what tells others where it is needs its port.
    const doorPort = await listen(this.door.server, this.config.doorPort, bindAddress);
    this.context.door.url = this.config.doorUrl.replace(/:0$/, `:${doorPort}`);
    const port = await listen(this.api, this.config.port, bindAddress);
    const opampPort = await listen(this.opamp.server, this.config.opampPort, bindAddress);
    const metricsPort = await listen(this.metrics, this.config.metricsPort, bindAddress);
    this.warn();
    this.log.info({ address: bindAddress, port, opampPort, metricsPort, doorPort }, 'listening');
    this.connected = this.connect();
    return { port, opampPort, metricsPort, doorPort };
  }

  /** Says what an operator should know before anything else. */
  private warn(): void {
    const { frontendUrl, trustProxy, hyperdxApiUrl } = this.config;
    if (trustProxy === false) {
      const isHttps = frontendUrl.startsWith('https:');
      this.log.warn(
        'TENANCY_TRUST_PROXY names no proxy: everybody behind the server of HyperDX’s UI counts as one address where failed logins are limited' +
          (isHttps
            ? ', and HyperDX, told of requests that are not encrypted, sets no session cookie'
            : ''),
      );
    }
    if (hyperdxApiUrl === undefined) {
      this.log.warn('HYPERDX_API_URL is not set: routes that are HyperDX’s own answer 501');
    }
    const plaintext = plaintextWarning(this.config);
    if (plaintext !== undefined) this.log.warn(plaintext);
    const guarded = this.context.targets.all.filter(({ hasUsers }) => !hasUsers);
    if (guarded.length === 0) return;
    this.log.warn(
      { targets: guarded.map(({ name }) => name) },
      'access mode "guard": ClickHouse itself does not keep the tenants of these targets apart; the guard is the only wall',
    );
  }

  /** Stops taking requests, lets those under way end, and closes all connections. */
  async stop(): Promise<void> {
    this.stopping.abort();
    const servers = [this.api, this.door.server, this.metrics];
    await Promise.all([this.opamp.stop(), ...servers.map((server) => close(server))]);
    await Promise.all([this.gateway.close(), this.door.close()]);
    await Promise.all([this.collectors.stop(), ...this.tasks.map((task) => task.stop())]);
    await flushAudit();
    await mongoose.disconnect();
    await this.connected;
    await this.context.targets.close();
    this.log.info('stopped');
  }

  private async connect(): Promise<void> {
    const { signal } = this.stopping;
    for (
      let pause = CONNECT_AGAIN_MS;
      !signal.aborted;
      pause = Math.min(pause * 2, CONNECT_AGAIN_MAX_MS)
    ) {
      try {
        await this.openMongo();
        // Asked to stop meanwhile: nothing is begun any more.
        if (this.isStopping()) return;
        this.collectors.start();
        for (const task of this.tasks) task.start();
        return;
      } catch (error) {
        this.log.error({ err: error }, 'MongoDB is not usable yet; trying again');
        await sleep(pause, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  private async openMongo(): Promise<void> {
    await mongoose.connect(this.config.mongoUri, {
      // Indexes are built by `buildIndexes`, which knows what a server may lack.
      autoIndex: false,
      autoCreate: false,
      serverSelectionTimeoutMS: 5_000,
      socketTimeoutMS: 30_000,
      waitQueueTimeoutMS: 10_000,
      maxPoolSize: 20,
    });
    await buildIndexes(this.log);
    this.indexed = true;
    this.log.info('MongoDB connected, indexes built');
    await warnWithoutAdmin({ bootstrap: this.config.adminToken !== undefined }, this.context);
  }
}
