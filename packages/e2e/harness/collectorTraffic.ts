import { sumOf, talliesOf } from './collectorAccount';
import { startLoad } from './collectorLoad';
import type { LoadOptions, Sender } from './collectorLoad';
import type { Row } from './collectorReport';
import type { Store } from './store';

/** Several tenants' records on their way at once, and what became of them. */
export interface Traffic {
  /** Does something to the collector; what is sent from now on belongs to it. @returns what `work` answers. */
  during<T>(what: string, work: () => Promise<T>): Promise<T>;
  /** Ends all loads, looks every record up and answers a row for each thing that was done. */
  settle(store: Store): Promise<Settled>;
  /** Ends all loads as they are, where nobody is going to ask what became of them. Idempotent. */
  abandon(): void;
}

export interface Settled {
  rows: Row[];
  /** Rows in these tenants' tables that are another's. */
  foreign: number;
  /** Statuses that said not to try again. */
  refusals: number[];
}

/** Starts to send for each of the senders. @param scenario names the rows. */
export function startTraffic(
  scenario: string,
  senders: readonly Sender[],
  options: LoadOptions,
): Traffic {
  let loads: ReturnType<typeof startLoad>[] = [];
  const took = new Map<string, number>();

  return {
    async during(what, work) {
      if (loads.length === 0) loads = senders.map((sender) => startLoad(sender, what, options));
      else for (const load of loads) load.enter(what);
      const from = performance.now();
      const result = await work();
      took.set(what, performance.now() - from);
      return result;
    },
    abandon() {
      for (const load of loads) load.abandon();
    },
    async settle(store) {
      const phases = await Promise.all(loads.map((load) => load.stop()));
      const found = await Promise.all(
        senders.map(({ id }, index) =>
          talliesOf(
            store,
            id,
            options.signals,
            (phases[index] ?? []).map(({ acknowledged }) => acknowledged),
          ),
        ),
      );
      const rows = (phases[0] ?? []).map(({ name }, index): Row => {
        const tookMs = took.get(name);
        const all = phases.flatMap((of) => of[index] ?? []);
        return {
          scenario,
          what: name,
          sent: all.reduce((sum, { sent }) => sum + sent, 0),
          refusedMs: Math.max(...all.map(({ refusedMs }) => refusedMs)),
          longestMs: Math.max(...all.map(({ longestMs }) => longestMs)),
          ...sumOf(found.flatMap(({ tallies }) => tallies[index] ?? [])),
          ...(tookMs !== undefined && { tookMs }),
        };
      });
      return {
        rows,
        foreign: found.reduce((sum, { foreign }) => sum + foreign, 0),
        refusals: phases.flat().flatMap(({ refused }) => [...refused.keys()]),
      };
    },
  };
}
