import { appendFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';

import Table from 'cli-table3';

import type { Tally } from './collectorAccount';

/** How one thing that was done to a collector went, for those tenants whose ClickHouse is well unless it says otherwise. */
export interface Row extends Tally {
  scenario: string;
  /** What was done, such as `reload, queue full`. */
  what: string;
  sent: number;
  /** Of the tenant that was refused longest; milliseconds. */
  refusedMs?: number;
  /** The longest that one request waited for its acknowledgement; milliseconds. */
  longestMs?: number;
  /** From the signal or the start until the collector served again, where it was waited for; milliseconds. */
  tookMs?: number;
}

/** Names a file that every row is added to, as a line of JSON. */
const FILE_VARIABLE = 'TEST_COLLECTOR_REPORT';

const seconds = (ms: number | undefined): string =>
  ms === undefined ? '' : (ms / 1_000).toFixed(1);

/** Prints rows, and adds them to the file that `TEST_COLLECTOR_REPORT` names. Times are shown and never judged. */
export function report(rows: readonly Row[]): void {
  const table = new Table({
    head: [
      'scenario',
      'what',
      'sent',
      'acked',
      'stored',
      'lost',
      'dup',
      'refused s',
      'longest s',
      'took s',
    ],
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    table.push([
      row.scenario,
      row.what,
      row.sent,
      row.acknowledged,
      row.stored,
      row.lost,
      row.duplicates,
      seconds(row.refusedMs),
      seconds(row.longestMs),
      seconds(row.tookMs),
    ]);
  }
  process.stdout.write(`${table.toString()}\n`);
  const file = process.env[FILE_VARIABLE];
  if (file === undefined || file === '') return;
  const conditions = {
    at: new Date().toISOString(),
    cores: availableParallelism(),
    load: loadavg()[0],
  };
  for (const row of rows) appendFileSync(file, `${JSON.stringify({ ...row, ...conditions })}\n`);
}
