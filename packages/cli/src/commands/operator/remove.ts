import { Command } from 'commander';

import type { Operator } from '../../answers';
import type { Client } from '../../client';
import { addConfirmOptions, assertConfirmable, confirm } from '../../confirm';
import type { ConfirmOptions } from '../../confirm';
import { CliError } from '../../exitCodes';
import { clientOf } from '../../options';
import { note, withProgress } from '../../output';
import { operatorTitle, printOperator } from './print';
import { userArgument } from './set';

/** An operator by id or address, in any case: HyperDX keeps addresses in lower case. */
async function findOperator(client: Client, idOrEmail: string): Promise<Operator> {
  const wanted = idOrEmail.toLowerCase();
  const operators = await client.listOperators();
  const operator = operators.find(
    ({ id, email }) => id === wanted || email.toLowerCase() === wanted,
  );
  if (operator) return operator;
  throw new CliError(
    'notFound',
    `There is no operator with the id or address "${idOrEmail}".`,
    'not_found',
  );
}

export const removeCommand = addConfirmOptions(
  new Command('remove')
    .description('make an operator a mere HyperDX user again')
    .addArgument(userArgument()),
).action(async (idOrEmail: string, options: ConfirmOptions, command: Command) => {
  assertConfirmable(options);
  const { client, json } = clientOf(command);
  const operator = await withProgress('Reading operators', findOperator(client, idOrEmail));
  if (!(await confirm(`remove operator ${operatorTitle(operator)}`, options, json))) return;
  // By id: who is removed is who was shown.
  await withProgress('Removing the operator', client.removeOperator(operator.id));
  printOperator(operator, json);
  note('Removed.');
});
