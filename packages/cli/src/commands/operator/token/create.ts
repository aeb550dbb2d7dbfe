import { CreateOperatorToken, MAX_TOKEN_DAYS } from '@hyperdx-tenancy/domain/contracts/operator';
import type { OperatorRole } from '@hyperdx-tenancy/domain/contracts/operator';
import { Command } from 'commander';

import { CliError } from '../../../exitCodes';
import { clientOf } from '../../../options';
import { withProgress } from '../../../output';
import { duration } from '../../../time';
import { tokenOutputHelp } from '../../../tokens';
import { validate } from '../../../validate';
import { roleOption } from '../set';
import { operatorTokens } from './print';

const DAY_MS = 86_400_000;

interface Options {
  role: OperatorRole;
  /** Milliseconds. */
  expiresIn?: number;
  output?: string;
}

function inputOf(name: string, { role, expiresIn }: Options): CreateOperatorToken {
  if (expiresIn !== undefined && expiresIn > MAX_TOKEN_DAYS * DAY_MS)
    throw new CliError('usage', `--expires-in: must be at most ${MAX_TOKEN_DAYS}d.`);
  return {
    name: validate(CreateOperatorToken.shape.name, name, 'name'),
    role,
    ...(expiresIn === undefined
      ? {}
      : { expiresAt: new Date(Date.now() + expiresIn).toISOString() }),
  };
}

export const createCommand = new Command('create')
  .description('make a token; it is shown this once')
  .argument('<name>', 'what or whom it is for, 1 to 100 characters')
  .addOption(roleOption())
  .option(
    '--expires-in <time>',
    `how long it is good for: 12h, 90d, 4w, at most ${MAX_TOKEN_DAYS}d (default: until it is revoked)`,
    duration,
  )
  .option('--output <file>', tokenOutputHelp)
  .action(async (name: string, options: Options, command: Command) => {
    const input = inputOf(name, options);
    const { output } = options;
    const { client, json } = clientOf(command);
    const make = () => withProgress('Making the token', client.createOperatorToken(input));
    await operatorTokens.make(make, output, json);
  });
