import { CreateCollectorToken } from '@hyperdx-tenancy/domain/contracts/collectorToken';
import { Command } from 'commander';

import { clientOf } from '../../../options';
import { withProgress } from '../../../output';
import { tokenOutputHelp } from '../../../tokens';
import { validate } from '../../../validate';
import { groupOf } from '../group';
import { collectorTokens } from './print';

interface Options {
  group: string;
  output?: string;
}

export const createCommand = new Command('create')
  .description(
    "make a token that opens one group's config, or that of one shard; it is shown this once",
  )
  .argument('<name>', 'which collectors it is for, 1 to 100 characters')
  .requiredOption(
    '--group <group>',
    'what it opens: shared:<target>, dedicated:<team>, named:<name>, one of its shards as named:<name>:<shard>, or a quarantine as <group>:quarantine',
  )
  .option('--output <file>', tokenOutputHelp)
  .action(async (name: string, { group, output }: Options, command: Command) => {
    const input = {
      name: validate(CreateCollectorToken.shape.name, name, 'name'),
      group: groupOf(group),
    };
    const { client, json } = clientOf(command);
    const make = () => withProgress('Making the token', client.createCollectorToken(input));
    await collectorTokens.make(make, output, json);
  });
