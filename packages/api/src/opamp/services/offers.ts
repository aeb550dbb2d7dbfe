import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

import { groupId } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import type { CollectorGroup } from '@hyperdx-tenancy/domain/contracts/collectorGroup';

import type { CollectorSnapshot } from '../../controllers/collectorConfigs';
import type { Logger } from '../../utils/logger';

/** The config meant for a group of collectors, as it goes over the wire. */
export interface Offer {
  body: Uint8Array;
  /** SHA-256 of the body. */
  hash: Uint8Array;
  hashHex: string;
}

/** A text as a config has it, without its quotes. */
function inConfig(text: string): string {
  return JSON.stringify(text.replaceAll('$', '$$$$')).slice(1, -1);
}

/** What the config of some teams holds that must reach no log, in each form that it may be quoted in. */
function secretsOf(teams: CollectorSnapshot['teams']): Set<string> {
  const plain = teams.flatMap(({ apiKey, credentials }) =>
    credentials.kind === 'literal' ? [apiKey, credentials.password] : [apiKey],
  );
  // As they stand in a config, too: `$` doubled for the collector, the rest escaped for JSON.
  return new Set(plain.flatMap((secret) => [secret, inConfig(secret)]));
}

/** What configs depend on, of all that is read. */
function builtFrom(snapshot: CollectorSnapshot | undefined): unknown {
  return snapshot && [snapshot.teams, snapshot.incomplete];
}

export interface OffersOptions {
  /** Reads all that configs depend on. */
  load(): Promise<CollectorSnapshot>;
  /** The number of the last change, cheap to ask for. */
  revision(): Promise<number>;
  /** Calls back on a change made in this process; returns the way to stop it. */
  onChange(listener: () => void): () => void;
  /** The text of a group's config; `undefined` where the group has none. */
  build(group: CollectorGroup, snapshot: CollectorSnapshot): string | undefined;
  log: Logger;
  pollMs?: number;
  gatherMs?: number;
  reloadMs?: number;
}

/** How long changes made here are gathered before everything is read again: tenants are often made in a row. */
const GATHER_MS = 300;
const GATHER_MAX_MS = 1_500;
/** How much longer than it took everything is left alone before it is read again. */
const IDLE_FACTOR = 10;
/** How soon a change made by another process is seen. */
const POLL_MS = 1_000;
/** Everything is read again after this time, for changes whose writer died before it could tell. */
const RELOAD_MS = 30_000;
/** Secrets of teams that left which are kept in mind, the latest: agents take up a new config within minutes. */
const MAX_DEPARTED = 10_000;

/**
 * The configs on offer: read when something changed, built once a change and group, and kept as bytes,
 * so that an agent's poll costs a look-up. While MongoDB is away the last ones stay.
 */
export class Offers {
  private snapshot: CollectorSnapshot | undefined;
  private readonly built = new Map<string, Offer | undefined>();
  private readonly departed = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private soon: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private again = false;
  private stopped = false;
  private loadedAt = 0;
  private loadMs = 0;
  private failing = false;
  private unsubscribe: () => void = () => undefined;

  constructor(private readonly options: OffersOptions) {}

  /** The number of the last change that the configs on offer know of. */
  get revision(): number {
    return this.snapshot?.revision ?? 0;
  }

  /** True once configs were read. */
  get ready(): boolean {
    return this.snapshot !== undefined;
  }

  /** Begins to read and to watch; the first read may come later, when MongoDB is there. */
  start(): void {
    this.unsubscribe = this.options.onChange(() => this.refreshSoon());
    void this.poll();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.unsubscribe();
    clearTimeout(this.timer);
    clearTimeout(this.soon);
    await this.running;
  }

  /** The group that a token opens, by the token's hash. */
  groupOf(tokenHash: string): CollectorGroup | undefined {
    return this.snapshot?.tokens.get(tokenHash);
  }

  /**
   * What configs hold that must reach no log: ingestion keys, and the passwords of writers. Those of teams that have left
   * are among them, since an agent may yet speak of the config before.
   */
  secrets(): string[] {
    return [...new Set([...secretsOf(this.snapshot?.teams ?? []), ...this.departed])];
  }

  /** The config of a group, built on first demand after a change. */
  offerFor(group: CollectorGroup): Offer | undefined {
    if (!this.snapshot) return undefined;
    const name = groupId(group);
    if (!this.built.has(name)) this.built.set(name, this.make(group, this.snapshot));
    return this.built.get(name);
  }

  /** Reads everything again. Calls while one runs share a single further run. */
  refresh(): Promise<void> {
    if (this.running) {
      this.again = true;
      return this.running;
    }
    this.running = this.reload().finally(() => (this.running = undefined));
    return this.running;
  }

  /** A burst of changes is read once: the first one sets the time, so that no number of them puts it off. */
  private refreshSoon(): void {
    // Where reading takes long, more is gathered: it must not become what the database mostly does.
    const gatherMs = this.options.gatherMs ?? GATHER_MS;
    const pause = Math.min(Math.max(gatherMs, this.loadMs * IDLE_FACTOR), GATHER_MAX_MS);
    this.soon ??= setTimeout(() => {
      this.soon = undefined;
      void this.refresh();
    }, pause);
  }

  private make(group: CollectorGroup, snapshot: CollectorSnapshot): Offer | undefined {
    const text = this.options.build(group, snapshot);
    if (text === undefined) return undefined;
    const body = Buffer.from(text);
    const hash = createHash('sha256').update(body).digest();
    return { body, hash, hashHex: hash.toString('hex') };
  }

  private async reload(): Promise<void> {
    for (;;) {
      this.again = false;
      try {
        const begun = Date.now();
        const next = await this.options.load();
        this.loadMs = Date.now() - begun;
        // The full read now and then mostly finds what it knows: nothing is built again then.
        if (!isDeepStrictEqual(builtFrom(next), builtFrom(this.snapshot))) {
          this.built.clear();
          this.rememberDeparted(next);
        }
        this.snapshot = next;
        this.loadedAt = Date.now();
        if (this.failing) this.options.log.info('collector configs are current again');
        this.failing = false;
      } catch (error) {
        // Said once, not every second; agents go on with the last config.
        if (!this.failing)
          this.options.log.warn({ err: error }, 'collector configs could not be read');
        this.failing = true;
        return;
      }
      if (!this.isAskedAgain()) return;
    }
  }

  private rememberDeparted(next: CollectorSnapshot): void {
    const staying = secretsOf(next.teams);
    for (const secret of secretsOf(this.snapshot?.teams ?? [])) {
      if (!staying.has(secret)) this.departed.add(secret);
    }
    for (const secret of this.departed) {
      if (this.departed.size <= MAX_DEPARTED) break;
      this.departed.delete(secret);
    }
  }

  /** Whether a change came while everything was being read. */
  private isAskedAgain(): boolean {
    return this.again && !this.isStopped();
  }

  private isStopped(): boolean {
    return this.stopped;
  }

  private async poll(): Promise<void> {
    const outdated = await this.isOutdated();
    if (this.isStopped()) return;
    // What is about to be read anyway need not be read twice.
    if (outdated && this.soon === undefined) await this.refresh();
    if (this.isStopped()) return;
    this.timer = setTimeout(() => void this.poll(), this.options.pollMs ?? POLL_MS);
    this.timer.unref();
  }

  private async isOutdated(): Promise<boolean> {
    if (!this.snapshot || Date.now() - this.loadedAt > (this.options.reloadMs ?? RELOAD_MS))
      return true;
    // Unreachable: no reason to read more; `refresh` says so when it is due.
    const revision = await this.options.revision().catch(() => undefined);
    return revision !== undefined && revision !== this.snapshot.revision;
  }
}
