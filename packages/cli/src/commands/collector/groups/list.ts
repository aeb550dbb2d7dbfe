import { Command } from 'commander';

import type { Client } from '../../../client';
import type { GroupSummary } from '../../../collectorAnswers';
import { clientOf } from '../../../options';
import { withProgress } from '../../../output';
import { printGroups } from './print';

const PAGE = 500;

/** All groups, read page by page. */
export async function listAllGroups(client: Client): Promise<GroupSummary[]> {
  const all: GroupSummary[] = [];
  let after: string | undefined;
  do {
    const page = await client.listGroups({ limit: PAGE, after });
    all.push(...page.data);
    after = page.next ?? undefined;
  } while (after !== undefined);
  return all;
}

export const listCommand = new Command('list')
  .description(
    'list the groups: of targets, those that were made, and of teams those with a token or settings',
  )
  .action(async (_options: object, command: Command) => {
    const { client, json } = clientOf(command);
    printGroups(await withProgress('Reading groups', listAllGroups(client)), json);
  });
