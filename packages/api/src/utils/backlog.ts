/**
 * Work that nobody waits for, with a bound: who adds to a full backlog waits until one of its tasks has ended, so
 * nothing is dropped and nothing piles up.
 */
export class Backlog {
  private readonly running = new Set<Promise<void>>();

  /** @param limit tasks that may run at once. */
  constructor(private readonly limit: number) {}

  /** Starts a task. @param task never rejects. */
  async add(task: () => Promise<void>): Promise<void> {
    while (this.running.size >= this.limit) await Promise.race(this.running);
    const run = task().finally(() => this.running.delete(run));
    this.running.add(run);
  }

  /** Waits for all tasks, those included that are added meanwhile. */
  async flush(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }
}
