import { agentConfigStates } from '@hyperdx-tenancy/domain/contracts/collectorAgent';
import { Command, Option } from 'commander';

import type { Agent } from '../../collectorAnswers';
import type { Client } from '../../client';
import { wholeNumber } from '../../numbers';
import { clientOf } from '../../options';
import { note, withProgress } from '../../output';
import { groupIdOf, groupOption } from './group';
import { printAgents } from './print';

const PAGE = 1_000;
const DEFAULT_AGENTS = 1_000;
const MAX_AGENTS = 100_000;

export interface AgentFilter {
  group?: string;
  state?: string;
  connected?: string;
}

interface Listed {
  agents: Agent[];
  /** Whether there are more than were asked for. */
  more: boolean;
}

/** Collectors, read page by page until there are as many as asked for. */
export async function listAgents(
  client: Client,
  filter: AgentFilter,
  limit: number,
): Promise<Listed> {
  const agents: Agent[] = [];
  let after: string | undefined;
  do {
    const page = await client.listAgents({
      ...filter,
      limit: Math.min(PAGE, limit - agents.length),
      after,
    });
    agents.push(...page.data);
    after = page.next ?? undefined;
  } while (after !== undefined && agents.length < limit);
  return { agents: agents.slice(0, limit), more: after !== undefined };
}

interface Options {
  group?: string;
  state?: string;
  connected?: true;
  disconnected?: true;
  limit: number;
}

function filterOf({ group, state, connected, disconnected }: Options): AgentFilter {
  const filter: AgentFilter = {};
  if (group !== undefined) filter.group = groupIdOf(group);
  if (state !== undefined) filter.state = state;
  if (connected ?? disconnected) filter.connected = connected ? 'true' : 'false';
  return filter;
}

export const listCommand = new Command('list')
  .description('list the collectors that came over OpAMP, and what became of their configs')
  .addOption(groupOption('only those of this group, or of this shard of one'))
  .addOption(
    new Option('--state <state>', 'only those whose config is in this state').choices(
      agentConfigStates,
    ),
  )
  .option('--connected', 'only those that are there now')
  .addOption(
    new Option('--disconnected', 'only those that were silent for too long').conflicts('connected'),
  )
  .option('--limit <count>', 'at most so many', wholeNumber(1, MAX_AGENTS), DEFAULT_AGENTS)
  .action(async (options: Options, command: Command) => {
    const filter = filterOf(options);
    const { client, json } = clientOf(command);
    const { agents, more } = await withProgress(
      'Reading collectors',
      listAgents(client, filter, options.limit),
    );
    printAgents(agents, json);
    if (more) note('There are more; --limit raises the number.');
  });
