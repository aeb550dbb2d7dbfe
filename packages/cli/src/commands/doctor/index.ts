import { Command } from 'commander';

import type { Doctor } from '../../answers';
import { CliError } from '../../exitCodes';
import { clientOf } from '../../options';
import { printJson, withProgress } from '../../output';
import { printReport } from './print';

/** @throws CliError `unexpected` where there is an error among the findings. */
function assertSound({ ok, findings, omitted }: Doctor): void {
  if (ok) return;
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  throw new CliError(
    'unexpected',
    `Found ${errors}${omitted > 0 ? ' or more' : ''} error(s); each says how to mend it.`,
    'doctor_errors',
  );
}

export const doctorCommand = new Command('doctor')
  .description(
    'examine what isolation rests on: targets, users and grants, tables, documents; ends with 1 where there is an error',
  )
  .action(async (_options: object, command: Command) => {
    const { client, json } = clientOf(command);
    const report = await withProgress('Examining', client.examine());
    if (json) printJson(report);
    else printReport(report);
    assertSound(report);
  });
