import type { Doctor } from '../../answers';
import { printLine, printTable } from '../../output';

type Finding = Doctor['findings'][number];

function place({ target, tenant }: Finding): string {
  const parts = [
    target === null ? [] : `target ${target}`,
    tenant === null ? [] : `tenant ${tenant}`,
  ];
  return parts.flat().join(', ');
}

/** A finding is sentences, for which the columns of a table are too narrow. */
function printFinding(finding: Finding): void {
  const { severity, check, message, fix } = finding;
  const where = place(finding);
  printLine('');
  printLine(`${severity}: ${check}${where === '' ? '' : `, ${where}`}`);
  printLine(`  ${message}`);
  if (fix !== '') printLine(`  fix: ${fix}`);
}

/** All checks, then what they found. */
export function printReport({ checks, findings, omitted }: Doctor): void {
  printTable(
    ['check', 'target', 'status', 'detail'],
    checks.map(({ name, target, status, detail }) => [name, target ?? '', status, detail]),
  );
  findings.forEach(printFinding);
  if (omitted > 0) printLine(`and ${omitted} more`);
}
