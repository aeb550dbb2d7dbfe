import { createInterface } from 'node:readline';

import type { Command } from 'commander';

import { CliError } from './exitCodes';
import { printJson, printLine, visible } from './output';

/** The options of a command that takes something away. */
export interface ConfirmOptions {
  dryRun: boolean;
  yes: boolean;
}

export function addConfirmOptions(command: Command): Command {
  return command
    .option('--dry-run', 'say what would be done, and do nothing', false)
    .option('--yes', 'do not ask; needed where there is no terminal to ask at', false);
}

/** Where somebody is asked, standard error so that standard output holds the answer alone. */
interface Terminal {
  input: NodeJS.ReadableStream & { isTTY?: boolean };
  output: NodeJS.WritableStream & { isTTY?: boolean };
}

const ownTerminal = (): Terminal => ({ input: process.stdin, output: process.stderr });

/**
 * Refuses to go on where nobody can be asked and nobody said yes; call it before anything is sent.
 * @throws CliError `usage`.
 */
export function assertConfirmable(
  { dryRun, yes }: ConfirmOptions,
  { input, output }: Terminal = ownTerminal(),
): void {
  if (dryRun || yes || (input.isTTY && output.isTTY)) return;
  throw new CliError(
    'usage',
    'Nobody can be asked here: confirm with --yes, or see with --dry-run what would be done.',
    'not_confirmed',
  );
}

/** What somebody answers; nothing where they leave instead (Ctrl-C, Ctrl-D). */
function ask(question: string, { input, output }: Terminal): Promise<string> {
  const lines = createInterface({ input, output });
  return new Promise<string>((resolve) => {
    const leave = (): void => {
      output.write('\n');
      resolve('');
    };
    lines.once('close', leave);
    lines.question(question, (answer) => {
      lines.off('close', leave).close();
      resolve(answer);
    });
  });
}

/**
 * Whether to go on: says what would be done in a dry run, and asks unless `--yes` was said.
 * @param deed in the infinitive, such as `remove operator ada@example.com`.
 * @throws CliError `usage` where the answer is not yes.
 */
export async function confirm(
  deed: string,
  { dryRun, yes }: ConfirmOptions,
  json: boolean,
  terminal: Terminal = ownTerminal(),
): Promise<boolean> {
  if (dryRun) {
    if (json) printJson({ dryRun: true, would: deed });
    else printLine(`Would ${deed}.`);
    return false;
  }
  if (yes) return true;
  const question = `${deed.charAt(0).toUpperCase()}${deed.slice(1)}? [y/N] `;
  const answer = await ask(visible(question), terminal);
  if (/^\s*y(es)?\s*$/i.test(answer)) return true;
  throw new CliError('usage', 'Not confirmed; nothing was changed.', 'not_confirmed');
}
