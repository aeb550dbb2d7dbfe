import type { OperatorToken } from '../../../answers';
import { tokensOf } from '../../../tokens';

function expiry({ expiresAt, expired }: OperatorToken): string {
  if (expiresAt === null) return 'never';
  return expired ? `${expiresAt} (expired)` : expiresAt;
}

export const operatorTokens = tokensOf<OperatorToken>({
  fields: (token) => [
    ['id', token.id],
    ['name', token.name],
    ['role', token.role],
    ['expires', expiry(token)],
    ['created', `${token.createdAt}, by ${token.createdBy}`],
    ['used', token.lastUsedAt ?? 'never'],
  ],
  head: ['id', 'name', 'role', 'expires', 'created by', 'last used'],
  row: (token) => [
    token.id,
    token.name,
    token.role,
    expiry(token),
    token.createdBy,
    token.lastUsedAt ?? 'never',
  ],
  holders: 'its user',
});
