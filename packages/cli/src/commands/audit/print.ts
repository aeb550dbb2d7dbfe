import type { AuditEvent } from '../../answers';
import { printJson, printTable } from '../../output';

/** No outcome: it goes on, or the process died over it. */
function outcome({ outcome, code }: AuditEvent): string {
  return `${outcome ?? 'not ended'}${code === null ? '' : ` (${code})`}`;
}

/** Events, a line each. */
export function printEvents(events: AuditEvent[], json: boolean): void {
  if (json) {
    printJson(events);
    return;
  }
  printTable(
    ['at', 'actor', 'from', 'action', 'tenant or subject', 'outcome'],
    events.map((event) => [
      event.at,
      event.actor.name,
      event.address ?? '',
      event.action,
      event.tenant ?? event.subject ?? '',
      outcome(event),
    ]),
  );
}
