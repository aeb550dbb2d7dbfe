import { RotateCollectorToken } from '@hyperdx-tenancy/domain/contracts/collectorToken';
import { Command, Option } from 'commander';

import { clientOf } from '../../../options';
import { note, withProgress } from '../../../output';
import { shortDuration } from '../../../time';
import { tokenOutputHelp } from '../../../tokens';
import { validate } from '../../../validate';
import { assertTokenId, tokenArgument } from './find';
import { collectorTokens } from './print';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;

interface Options {
  /** Milliseconds. */
  overlap: number;
  output?: string;
}

export const rotateCommand = new Command('rotate')
  .description('make a token in the place of another, which stays good beside it for a while')
  .addArgument(tokenArgument())
  .addOption(
    new Option(
      '--overlap <time>',
      'how long the old one stays good: 30m, 24h, 7d, at most 90d; 0: not at all',
    )
      .argParser(shortDuration)
      .default(DAY_MINUTES * MINUTE_MS, '24h'),
  )
  .option('--output <file>', tokenOutputHelp)
  .action(async (text: string, { overlap, output }: Options, command: Command) => {
    const id = assertTokenId(text);
    const { overlapMinutes } = RotateCollectorToken.shape;
    const minutes = validate(overlapMinutes, overlap / MINUTE_MS, '--overlap, in minutes');
    const { client, json } = clientOf(command);
    const make = () => withProgress('Making the token', client.rotateCollectorToken(id, minutes));
    await collectorTokens.make(make, output, json);
    note(
      minutes === 0
        ? 'The old token is good no more.'
        : 'Give the new one to its collectors; "collector token list" says until when the old one is good.',
    );
  });
