import type { Logger } from '../utils/logger';

export interface PeriodicOptions {
  name: string;
  /** Milliseconds between the end of one round and the start of the next; varied by a fifth. */
  everyMs: number;
  work: () => Promise<unknown>;
  log: Logger;
}

/** Something done again and again, never twice at once; a round that fails is logged, and the next one comes. */
export class PeriodicTask {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly options: PeriodicOptions) {}

  start(): void {
    this.running = this.round();
  }

  /** Ends it; waits for the round under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private async round(): Promise<void> {
    const { name, everyMs, work, log } = this.options;
    try {
      await work();
    } catch (error) {
      log.warn({ task: name, err: error }, 'a round failed');
    }
    if (this.stopped) return;
    // Processes started together drift apart.
    const pause = everyMs * (0.8 + Math.random() * 0.4);
    this.timer = setTimeout(() => {
      this.running = this.round();
    }, pause);
    this.timer.unref();
  }
}
