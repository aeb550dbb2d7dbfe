import type { AgentProgress } from '../../controllers/collectorAgents';
import type { Logger } from '../../utils/logger';

export interface ProgressOptions {
  write(progress: readonly AgentProgress[]): Promise<void>;
  /** Takes an agent out that said goodbye. */
  forget(group: string, instanceUid: string): Promise<void>;
  log: Logger;
  now?: () => number;
  flushMs?: number;
}

/** How soon other processes see what an agent runs. */
const FLUSH_MS = 1_000;
/** An agent that runs what it ran is noted again after this time, to show that it lives. */
const AGAIN_MS = 30_000;
/** Agents noted in this process; as many as it remembers otherwise. */
const MAX_AGENTS = 100_000;
/** Of one write. */
const BATCH = 1_000;

/**
 * Notes in MongoDB which revision each agent runs: only what changed, together once a second, so that polls that change
 * nothing cost a look-up.
 */
export class Progress {
  private readonly noted = new Map<string, { revision: number; at: number }>();
  private waiting = new Map<string, AgentProgress>();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private readonly now: () => number;

  constructor(private readonly options: ProgressOptions) {
    this.now = options.now ?? Date.now;
  }

  /** @param revision of the config that the agent runs; `undefined` where it runs another than is meant for it. */
  note(group: string, instanceUid: string, revision: number | undefined): void {
    const key = `${group}/${instanceUid}`;
    const known = this.noted.get(key);
    const at = this.now();
    const runs = revision ?? known?.revision ?? 0;
    if (known?.revision === runs && at - known.at < AGAIN_MS) return;
    this.noted.delete(key);
    if (this.noted.size >= MAX_AGENTS) {
      const [oldest] = this.noted.keys();
      if (oldest !== undefined) this.noted.delete(oldest);
    }
    this.noted.set(key, { revision: runs, at });
    // While MongoDB is away: each is noted again with a later message.
    if (this.waiting.size >= MAX_AGENTS) this.waiting.clear();
    this.waiting.set(key, { group, instanceUid, revision: runs, seenAt: new Date(at) });
    this.timer ??= setTimeout(() => this.flush(), this.options.flushMs ?? FLUSH_MS).unref();
  }

  /** Nobody waits any more for an agent that said goodbye. */
  forget(group: string, instanceUid: string): void {
    const key = `${group}/${instanceUid}`;
    if (!this.noted.delete(key)) return;
    this.waiting.delete(key);
    this.options.forget(group, instanceUid).catch((error: unknown) => {
      this.options.log.warn({ err: error }, 'an agent that said goodbye could not be forgotten');
    });
  }

  /** Writes what is left. */
  async stop(): Promise<void> {
    clearTimeout(this.timer);
    this.flush();
    await this.running;
  }

  /** One write after the other: of two on one agent, the later stands. While one lasts, what comes is gathered. */
  private flush(): void {
    this.timer = undefined;
    this.running ??= this.writeAll().finally(() => (this.running = undefined));
  }

  private async writeAll(): Promise<void> {
    while (this.waiting.size > 0) {
      const progress = [...this.waiting.values()];
      this.waiting = new Map();
      await this.write(progress);
    }
  }

  private async write(progress: readonly AgentProgress[]): Promise<void> {
    for (let from = 0; from < progress.length; from += BATCH) {
      const batch = progress.slice(from, from + BATCH);
      try {
        await this.options.write(batch);
      } catch (error) {
        this.options.log.warn({ err: error, agents: batch.length }, 'agents could not be noted');
        // Each is noted again with its next message.
        for (const { group, instanceUid } of batch) this.noted.delete(`${group}/${instanceUid}`);
      }
    }
  }
}
