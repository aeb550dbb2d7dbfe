import { reloadAfter } from '../../../controllers/collectorReader';
import type { Logger } from '../../../utils/logger';

export interface FollowerOptions {
  /**
   * Reads what changed.
   * @param everything reads everything instead.
   * @returns the number of the last change that was read; `undefined`: it is to be read again soon.
   */
  read(everything: boolean): Promise<number | undefined>;
  /** Reads everything aside, beside any number of `read`: the next one takes it in. */
  prepare(): Promise<void>;
  /** The number of the last change, cheap to ask for. */
  revision(): Promise<number>;
  /** Calls back on a change made in this process, and whether it has a number; returns the way to stop it. */
  onChange(listener: (announced: boolean) => void): () => void;
  log: Logger;
  pollMs?: number;
  gatherMs?: number;
  reloadMs?: number;
}

/** How soon a change made by another process is seen. */
const POLL_MS = 250;
/**
 * How long changes made here are gathered before they are read: tenants are often made in a row. The first after a while waits
 * for less, since most are alone.
 */
const GATHER_MS = 300;
const FIRST_MS = 100;
const GATHER_MAX_MS = 1_000;
/** How much longer than it took everything is left alone before it is read again. */
const IDLE_FACTOR = 5;
/**
 * Has read what changed: soon, never twice at once, and a burst of changes once. Everything is read at first, after a failure,
 * and now and then, aside.
 */
export class Follower {
  private timer: NodeJS.Timeout | undefined;
  private soon: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private aside: Promise<void> | undefined;
  private again = false;
  /** The next read is to be of everything. */
  private everything = true;
  private stopped = false;
  private readAt = -Infinity;
  private readMs = 0;
  private wholeAt = -Infinity;
  private wholeMs = 0;
  private known: number | undefined;
  private failing = false;
  private unsubscribe: () => void = () => undefined;

  constructor(private readonly options: FollowerOptions) {}

  /** Begins to read and to watch; the first read may come later, when MongoDB is there. */
  start(): void {
    this.unsubscribe = this.options.onChange((announced) => {
      // Nothing would be found of it by its number.
      if (!announced) this.everything = true;
      this.readSoon();
    });
    void this.poll();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.unsubscribe();
    clearTimeout(this.timer);
    clearTimeout(this.soon);
    await this.aside;
    await this.running;
  }

  /** Reads everything again. Calls while one runs share a single further run. */
  refresh(): Promise<void> {
    this.everything = true;
    return this.run();
  }

  /** Reads everything again without keeping changes waiting for it. */
  readAside(): void {
    if (this.isStopped()) return;
    this.aside ??= this.prepare().finally(() => (this.aside = undefined));
  }

  private run(): Promise<void> {
    if (this.running) {
      this.again = true;
      return this.running;
    }
    this.running = this.read().finally(() => (this.running = undefined));
    return this.running;
  }

  /** A burst of changes is read once or twice: the first one sets the time, so that no number of them puts it off. */
  readSoon(): void {
    if (this.isStopped()) return;
    const pauseMs = this.pauseMs();
    const restMs = pauseMs - (performance.now() - this.readAt);
    this.soon ??= setTimeout(
      () => {
        this.soon = undefined;
        void this.run();
      },
      Math.max(restMs, Math.min(FIRST_MS, pauseMs)),
    );
  }

  /** Where reading takes long, more is gathered: it must not become what the database mostly does. */
  private pauseMs(): number {
    const gatherMs = this.options.gatherMs ?? GATHER_MS;
    return Math.min(Math.max(gatherMs, this.readMs * IDLE_FACTOR), GATHER_MAX_MS);
  }

  private async read(): Promise<void> {
    do {
      this.again = false;
      const { everything } = this;
      this.everything = false;
      const begun = performance.now();
      try {
        this.known = await this.options.read(everything);
        this.readAt = performance.now();
        if (everything) this.readWhole(begun);
        // Of a read of everything nothing follows for how long changes take.
        else this.readMs = this.readAt - begun;
        this.succeeded();
      } catch (error) {
        this.everything = true;
        this.failed(error);
        return;
      }
      if (this.known === undefined) this.readSoon();
    } while (this.isAskedAgain());
  }

  private async prepare(): Promise<void> {
    const begun = performance.now();
    try {
      await this.options.prepare();
    } catch (error) {
      this.failed(error);
      return;
    }
    this.readWhole(begun);
    if (!this.isStopped()) await this.run();
  }

  private readWhole(begun: number): void {
    this.wholeAt = performance.now();
    this.wholeMs = this.wholeAt - begun;
  }

  private succeeded(): void {
    if (this.failing) this.options.log.info('collector configs are current again');
    this.failing = false;
  }

  /** Said once, not every second; agents go on with the last config. */
  private failed(error: unknown): void {
    if (!this.failing) this.options.log.warn({ err: error }, 'collector configs could not be read');
    this.failing = true;
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
    else if (this.isOld()) this.readAside();
    if (this.isStopped()) return;
    this.timer = setTimeout(() => void this.poll(), this.options.pollMs ?? POLL_MS);
    this.timer.unref();
  }

  /** What was polled has waited already: it is read at once, unless something was read a moment ago. */
  private changedElsewhere(): void {
    const restMs = this.pauseMs() - (performance.now() - this.readAt);
    if (restMs > 0) this.readSoon();
    // What is about to be read anyway need not be read twice.
    else if (this.soon === undefined && !this.isStopped()) void this.run();
  }

  private isOld(): boolean {
    const ageMs = performance.now() - this.wholeAt;
    return !this.running && ageMs > reloadAfter(this.wholeMs, this.options.reloadMs);
  }

  private async isOutdated(): Promise<boolean> {
    if (this.running) return false;
    // It never was read: who waits for it is told why.
    if (this.known === undefined && this.everything) return true;
    // Unreachable: no reason to read more.
    const revision = await this.options.revision().catch(() => undefined);
    return revision !== undefined && (revision !== this.known || this.everything);
  }
}
