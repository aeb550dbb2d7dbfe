import { Command } from 'commander';

import type { Target } from '../../answers';
import { clientOf } from '../../options';
import { printJson, printTable, withProgress } from '../../output';

function use({ used, limit }: Target['tables']): string {
  return `${used ?? '?'}${limit === null ? '' : ` of ${limit}`}`;
}

function printTargets(targets: Target[]): void {
  printTable(
    [
      'name',
      'database',
      'cluster',
      'replicated',
      'access',
      'reachable',
      'tenants',
      'tables',
      'parts',
    ],
    targets.map((target) => [
      target.name,
      target.database,
      target.cluster ?? '',
      target.replicated ? 'yes' : 'no',
      target.access,
      target.reachable ? 'yes' : 'no',
      String(target.tenants),
      use(target.tables),
      use(target.parts),
    ]),
  );
}

export const listCommand = new Command('list')
  .description('list the targets, and how much of each is taken')
  .action(async (_options: object, command: Command) => {
    const { client, json } = clientOf(command);
    const targets = await withProgress('Reading targets', client.listTargets());
    if (json) printJson(targets);
    else printTargets(targets);
  });
