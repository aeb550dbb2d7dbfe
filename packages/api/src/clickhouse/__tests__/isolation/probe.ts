import type { Answer, OpenEngine } from './engine';
import { canariesIn } from './tenants';

/**
 * One way to what is B's.
 * - `denied`: ClickHouse refuses it for lack of a right, or of the right to change a setting. A syntax error is no refusal.
 * - `nothing`: it may be answered, and shows nothing of B.
 */
export interface Probe {
  /** What is tried; distinct over all probes. */
  mechanism: string;
  sql: string;
  expect: 'denied' | 'nothing';
  /** Who is tried. @default both */
  as?: 'reader' | 'writer';
  parameters?: Record<string, string>;
  /** The proof that it would work with enough rights. */
  control: Control;
}

/**
 * What the operator's answer to the same statement has to be: B's canary, success, or a connection at the lure. `sql` where
 * the operator has to say it otherwise.
 */
export interface Control {
  shows: 'canary' | 'success' | 'connection';
  before?: readonly string[];
  sql?: string;
  parameters?: Record<string, string>;
}

/** ACCESS_DENIED, READONLY, QUERY_IS_PROHIBITED, SETTING_CONSTRAINT_VIOLATION. */
const refusals = new Set([497, 164, 392, 452]);

/** What is wrong with an answer to a tenant; nothing where it is as it should be. */
export function fault(probe: Probe, answer: Answer): string | undefined {
  const seen = canariesIn(`${answer.headers}\n${answer.body}`, probe.sql);
  if (seen.length > 0) return `shows ${seen.join(', ')}`;
  if (probe.expect === 'denied' && (answer.ok || !refusals.has(answer.code))) {
    return `is answered ${answer.status}: ${answer.body.slice(0, 200)}`;
  }
  return undefined;
}

/** What is wrong with an operator's answer; nothing where the probe is proved to be one. */
export async function controlFault(
  { sql, parameters, control }: Probe,
  operator: OpenEngine,
  connections: () => number,
): Promise<string | undefined> {
  for (const statement of control.before ?? []) {
    const made = await operator.ask(statement);
    if (!made.ok) return `cannot be prepared: ${made.body}`;
  }
  const asked = control.sql ?? sql;
  const before = connections();
  const answer = await operator.ask(asked, { ...parameters, ...control.parameters });
  if (control.shows === 'connection') {
    return connections() > before ? undefined : `reaches nobody: ${answer.body.slice(0, 300)}`;
  }
  if (control.shows === 'success') {
    return answer.ok ? undefined : `fails: ${answer.body.slice(0, 300)}`;
  }
  // In an error as well: some tell more than they should.
  const shown = canariesIn(answer.body, asked).length > 0;
  return shown ? undefined : `shows no canary: ${answer.body.slice(0, 300)}`;
}

/** Runs `work` on each item, a few at a time: the engine serves several queries at once. */
export async function each<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of waiting) results[index] = await work(item);
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  return results;
}
