import type { Revision, WholeRevision } from '../../../collectorAnswers';
import { printFields, printJson, printTable } from '../../../output';
import { showSettings } from '../../../settings';

type Field = [name: string, value: string];

/** The configs that a group was offered, a line each. */
export function printRevisions(revisions: readonly Revision[], json: boolean): void {
  if (json) {
    printJson(revisions);
    return;
  }
  printTable(
    ['number', 'state', 'created', 'cause', 'tenants', 'bytes', 'hash', 'reason'],
    revisions.map((revision) => [
      String(revision.number),
      revision.state,
      revision.createdAt,
      revision.cause,
      String(revision.tenants),
      String(revision.bytes),
      revision.hash.slice(0, 12),
      revision.reason ?? '',
    ]),
  );
}

/** One of them, without its text. */
export function printRevision(revision: WholeRevision): void {
  const { reason, fragment } = revision;
  printFields([
    ['number', String(revision.number)],
    ['state', revision.state],
    ...(reason === null ? [] : ([['reason', reason]] satisfies Field[])),
    ['created', revision.createdAt],
    ['cause', revision.cause],
    ['hash', revision.hash],
    ['tenants', String(revision.tenants)],
    ['bytes', String(revision.bytes)],
    ...showSettings(revision.options).map((option): Field => ['option', option]),
    ['fragment', fragment === null ? 'none' : 'yes'],
  ]);
}
