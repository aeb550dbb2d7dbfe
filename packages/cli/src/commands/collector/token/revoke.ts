import { Command } from 'commander';

import { addConfirmOptions, assertConfirmable, confirm } from '../../../confirm';
import type { ConfirmOptions } from '../../../confirm';
import { clientOf } from '../../../options';
import { note, withProgress } from '../../../output';
import { assertTokenId, findToken, tokenArgument } from './find';
import { collectorTokens } from './print';

export const revokeCommand = addConfirmOptions(
  new Command('revoke')
    .description(
      'revoke a token; collectors that hold it run on with the config they have, and get no other',
    )
    .addArgument(tokenArgument()),
).action(async (text: string, options: ConfirmOptions, command: Command) => {
  const id = assertTokenId(text);
  assertConfirmable(options);
  const { client, json } = clientOf(command);
  const { name, groupId } = await withProgress('Reading tokens', findToken(client, id));
  if (!(await confirm(`revoke token "${name}" of ${groupId} (${id})`, options, json))) return;
  await withProgress('Revoking the token', client.revokeCollectorToken(id));
  collectorTokens.print(await withProgress('Reading tokens', findToken(client, id)), json);
  note('Revoked.');
});
