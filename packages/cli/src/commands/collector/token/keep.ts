import type { NewCollectorToken } from '../../../collectorAnswers';
import { note } from '../../../output';
import { keepInFile } from '../../../secretFile';
import { printToken } from './print';

export const outputHelp =
  'write it into this new file, which only you may read, instead of showing it';

/**
 * Makes a token, and shows it this once or writes it into a file.
 * @throws CliError `usage` where the file cannot be made; then no token is made either.
 */
export async function makeToken(
  make: () => Promise<NewCollectorToken>,
  output: string | undefined,
  json: boolean,
): Promise<void> {
  if (output === undefined) {
    const { token, ...view } = await make();
    printToken(view, json, token);
    note('The token is shown this once: keep it where only its collectors can read it.');
    return;
  }
  const { token: _kept, ...view } = await keepInFile(output, make, ({ token }) => token);
  printToken(view, json);
  note(`The token is in ${output}.`);
}
