import { setTimeout as sleep } from 'node:timers/promises';

/** What goes on beside a query; `undefined` while that is not to be counted. */
export type Phase = 'before' | 'floor' | 'single' | 'parallel';

/** Somebody who looks at a dashboard meanwhile: one query at a time, at a steady pace. */
export interface Reader {
  phase: Phase | undefined;
  /** Milliseconds of each query that ran within this phase alone. */
  times(phase: Phase): readonly number[];
  /** @throws what a query threw, which has ended the reading. */
  check(): void;
  /** Ends it after the query under way. @throws what a query threw. */
  stop(): Promise<void>;
}

/** Between the starts of two queries: sparse enough to leave the machine to what is measured. */
const PACE_MS = 50;

export function startReader(query: () => Promise<unknown>): Reader {
  const times: Record<Phase, number[]> = { before: [], floor: [], single: [], parallel: [] };
  const stopped = new AbortController();
  let fault: Error | undefined;

  async function read(): Promise<void> {
    while (!stopped.signal.aborted) {
      const during = reader.phase;
      const start = performance.now();
      await query();
      const took = performance.now() - start;
      if (during !== undefined && during === reader.phase) times[during].push(took);
      await sleep(Math.max(PACE_MS - took, 0), undefined, { signal: stopped.signal }).catch(
        () => undefined,
      );
    }
  }

  const reader: Reader = {
    phase: undefined,
    times: (phase) => times[phase],
    check() {
      if (fault) throw fault;
    },
    async stop() {
      stopped.abort();
      await reading;
    },
  };
  const reading = read();
  reading.catch((error: unknown) => {
    fault = new Error('the reader failed', { cause: error });
  });
  return reader;
}
