import { OperatorTokenId } from '@hyperdx-tenancy/domain/contracts/operator';
import { Command } from 'commander';

import type { OperatorToken } from '../../../answers';
import type { Client } from '../../../client';
import { addConfirmOptions, assertConfirmable, confirm } from '../../../confirm';
import type { ConfirmOptions } from '../../../confirm';
import { CliError } from '../../../exitCodes';
import { clientOf } from '../../../options';
import { note, withProgress } from '../../../output';
import { validate } from '../../../validate';
import { operatorTokens } from './print';

async function findToken(client: Client, id: string): Promise<OperatorToken> {
  const token = (await client.listOperatorTokens()).find((one) => one.id === id);
  if (token) return token;
  throw new CliError('notFound', `There is no operator token with the id "${id}".`, 'not_found');
}

export const revokeCommand = addConfirmOptions(
  new Command('revoke')
    .description('revoke a token; who uses it is refused at once')
    .argument('<id>', 'id of the token, as by "operator token list"'),
).action(async (id: string, options: ConfirmOptions, command: Command) => {
  // A name, or the token itself, is a mistake that the API need not hear of.
  validate(OperatorTokenId.shape.id, id, 'id');
  assertConfirmable(options);
  const { client, json } = clientOf(command);
  const token = await withProgress('Reading tokens', findToken(client, id));
  const { name, role } = token;
  if (!(await confirm(`revoke token "${name}" (${role}, ${id})`, options, json))) return;
  await withProgress('Revoking the token', client.revokeOperatorToken(id));
  operatorTokens.print(token, json);
  note('Revoked.');
});
