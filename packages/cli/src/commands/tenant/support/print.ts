import type { Support } from '../../../answers';
import { printJson, printTable } from '../../../output';

/** Entries of operators into a tenant, a line each. */
export function printSupport(entries: Support[], json: boolean): void {
  if (json) {
    printJson(entries);
    return;
  }
  printTable(
    ['id', 'operator', 'since', 'until', 'ended', 'reason'],
    entries.map(({ id, email, startedAt, expiresAt, endedAt, reason }) => [
      id,
      email,
      startedAt,
      expiresAt,
      endedAt ?? 'no',
      reason,
    ]),
  );
}
