import { CollectorTokenId } from '@hyperdx-tenancy/domain/contracts/collectorToken';
import { Argument } from 'commander';

import type { Client } from '../../../client';
import type { CollectorToken } from '../../../collectorAnswers';
import { CliError } from '../../../exitCodes';
import { validate } from '../../../validate';

export const tokenArgument = () =>
  new Argument('<id>', 'id of the token, as by "collector token list"');

/** A name, or the token itself, is a mistake that the API need not hear of. @throws CliError `usage`. */
export const assertTokenId = (id: string): string => validate(CollectorTokenId.shape.id, id, 'id');

/** @throws CliError `notFound`. */
export async function findToken(client: Client, id: string): Promise<CollectorToken> {
  const token = (await client.listCollectorTokens()).find((one) => one.id === id);
  if (token) return token;
  throw new CliError('notFound', `There is no collector token with the id "${id}".`, 'not_found');
}
