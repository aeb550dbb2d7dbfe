import { AsyncLocalStorage } from 'node:async_hooks';

/** What every line that is written for a request says, wherever in the code it is written. */
export interface LogFields {
  requestId: string;
}

const scope = new AsyncLocalStorage<LogFields>();

/** Does something for which all lines carry these fields: also what it leaves running behind it. */
export function withLogFields<T>(fields: LogFields, work: () => T): T {
  return scope.run(fields, work);
}

/** The fields of the work under way; a new object each time. */
export function logFields(): Partial<LogFields> {
  return { ...scope.getStore() };
}
