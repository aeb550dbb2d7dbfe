import type { Logger } from '../../../utils/logger';

export interface FollowerOptions {
  /** Reads everything. @returns the number of the last change that was read; `undefined`: it is to be read again soon. */
  read(): Promise<number | undefined>;
  /** The number of the last change, cheap to ask for. */
  revision(): Promise<number>;
  /** Calls back on a change made in this process; returns the way to stop it. */
  onChange(listener: () => void): () => void;
  log: Logger;
  pollMs?: number;
  gatherMs?: number;
  reloadMs?: number;
}

/** How soon a change made by another process is seen. */
const POLL_MS = 500;
/** How long changes made here are gathered before everything is read again: tenants are often made in a row. */
const GATHER_MS = 300;
const GATHER_MAX_MS = 1_000;
/** How much longer than it took everything is left alone before it is read again. */
const IDLE_FACTOR = 5;
/** Everything is read again after this time, for changes whose writer died before it could tell. */
const RELOAD_MS = 30_000;

/** Has everything read again when something changed: soon, never twice at once, and a burst of changes once. */
export class Follower {
  private timer: NodeJS.Timeout | undefined;
  private soon: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private again = false;
  private stopped = false;
  private readAt = -Infinity;
  private readMs = 0;
  private known: number | undefined;
  private failing = false;
  private unsubscribe: () => void = () => undefined;

  constructor(private readonly options: FollowerOptions) {}

  /** Begins to read and to watch; the first read may come later, when MongoDB is there. */
  start(): void {
    this.unsubscribe = this.options.onChange(() => this.readSoon());
    void this.poll();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.unsubscribe();
    clearTimeout(this.timer);
    clearTimeout(this.soon);
    await this.running;
  }

  /** Reads everything again. Calls while one runs share a single further run. */
  refresh(): Promise<void> {
    if (this.running) {
      this.again = true;
      return this.running;
    }
    this.running = this.readAll().finally(() => (this.running = undefined));
    return this.running;
  }

  /** A burst of changes is read once: the first one sets the time, so that no number of them puts it off. */
  readSoon(): void {
    if (this.isStopped()) return;
    this.soon ??= setTimeout(() => {
      this.soon = undefined;
      void this.refresh();
    }, this.pauseMs());
  }

  /** Where reading takes long, more is gathered: it must not become what the database mostly does. */
  private pauseMs(): number {
    const gatherMs = this.options.gatherMs ?? GATHER_MS;
    return Math.min(Math.max(gatherMs, this.readMs * IDLE_FACTOR), GATHER_MAX_MS);
  }

  private async readAll(): Promise<void> {
    do {
      this.again = false;
      const begun = performance.now();
      try {
        this.known = await this.options.read();
        this.readMs = performance.now() - begun;
        this.readAt = performance.now();
        if (this.failing) this.options.log.info('collector configs are current again');
        this.failing = false;
      } catch (error) {
        // Said once, not every second; agents go on with the last config.
        if (!this.failing)
          this.options.log.warn({ err: error }, 'collector configs could not be read');
        this.failing = true;
        return;
      }
      if (this.known === undefined) this.readSoon();
    } while (this.isAskedAgain());
  }

  /** Whether a change came while everything was being read. */
  private isAskedAgain(): boolean {
    return this.again && !this.isStopped();
  }

  private isStopped(): boolean {
    return this.stopped;
  }

  private async poll(): Promise<void> {
    if (await this.isOutdated()) this.changedElsewhere();
    if (this.isStopped()) return;
    this.timer = setTimeout(() => void this.poll(), this.options.pollMs ?? POLL_MS);
    this.timer.unref();
  }

  /** What was polled has waited already: it is read at once, unless something was read a moment ago. */
  private changedElsewhere(): void {
    const restMs = this.pauseMs() - (performance.now() - this.readAt);
    if (restMs > 0) this.readSoon();
    // What is about to be read anyway need not be read twice.
    else if (this.soon === undefined && !this.isStopped()) void this.refresh();
  }

  private async isOutdated(): Promise<boolean> {
    if (this.running) return false;
    const ageMs = performance.now() - this.readAt;
    if (ageMs > (this.options.reloadMs ?? RELOAD_MS)) return true;
    // Unreachable: no reason to read more; `refresh` says so when it is due.
    const revision = await this.options.revision().catch(() => undefined);
    return revision !== undefined && revision !== this.known;
  }
}
