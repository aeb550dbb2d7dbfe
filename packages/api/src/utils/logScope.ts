import { AsyncLocalStorage } from 'node:async_hooks';

/** What every line that is written for a request says, wherever in the code it is written. */
export interface LogFields {
  requestId: string;
}

const scope = new AsyncLocalStorage<LogFields>();

/**
 * How long after the last request the scope is given up. Before Node.js 24 it costs everything that the process does, polls of
 * collectors among it (a tenth of their time), from the first request on; what a request left running is long done by then.
 */
const IDLE_MS = 30_000;
const LOOK_MS = 5_000;
let usedAt = 0;
let watch: NodeJS.Timeout | undefined;

function giveUpWhenIdle(): void {
  if (performance.now() - usedAt < IDLE_MS) return;
  clearInterval(watch);
  watch = undefined;
  // Until the next `run`.
  scope.disable();
}

/** Does something for which all lines carry these fields: also what it leaves running behind it, for half a minute at least. */
export function withLogFields<T>(fields: LogFields, work: () => T): T {
  usedAt = performance.now();
  watch ??= setInterval(giveUpWhenIdle, LOOK_MS).unref();
  return scope.run(fields, work);
}

/** The fields of the work under way; a new object each time. */
export function logFields(): Partial<LogFields> {
  return { ...scope.getStore() };
}
