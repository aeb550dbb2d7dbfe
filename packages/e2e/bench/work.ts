import { cpuSeconds } from './processes';

/** Milliseconds that some work takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/**
 * Does some work on each item, so many at a time, in their order.
 * @throws what the first failing piece of work throws, after those under way; the signal's reason once that is aborted.
 */
export async function eachOf<Item>(
  items: readonly Item[],
  parallel: number,
  signal: AbortSignal,
  work: (item: Item, index: number) => Promise<unknown>,
): Promise<void> {
  const left = items.entries();
  let failed = false;
  const worker = async (): Promise<void> => {
    for (const [index, item] of left) {
      signal.throwIfAborted();
      if (failed) return;
      try {
        await work(item, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: parallel }, worker));
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
}

/** What one piece of work costs, in milliseconds. */
export interface Cost {
  /** From start to end, of each. */
  times: number[];
  /**
   * Processor time of the process that does it, on average: what others do on the machine changes it little, what the process does
   * in the background counts too.
   */
  cpu: number;
}

/** Does some work so often, and takes time and processor time of the process `pid`. */
export async function costOf(
  pid: number,
  count: number,
  work: () => Promise<unknown>,
): Promise<Cost> {
  const before = await cpuSeconds(pid);
  const times: number[] = [];
  for (let done = 0; done < count; done += 1) times.push(await timed(work));
  const used = (await cpuSeconds(pid)) - before;
  return { times, cpu: count === 0 ? NaN : (used * 1_000) / count };
}
