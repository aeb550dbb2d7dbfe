import type { CollectorToken } from '../../../collectorAnswers';
import { tokensOf } from '../../../tokens';

/** `replaced, good until 2027-01-02T03:04:05.000Z` */
function state({ state, expiresAt, revokedAt }: CollectorToken): string {
  if (state === 'replaced' && expiresAt !== null) return `replaced, good until ${expiresAt}`;
  const since = state === 'revoked' ? revokedAt : state === 'expired' ? expiresAt : null;
  return since === null ? state : `${state} since ${since}`;
}

export const collectorTokens = tokensOf<CollectorToken>({
  fields: (token) => [
    ['id', token.id],
    ['name', token.name],
    ['group', token.groupId],
    ['state', state(token)],
    ['created', token.createdAt],
  ],
  head: ['id', 'name', 'group', 'state', 'created', 'replaced by'],
  row: (token) => [
    token.id,
    token.name,
    token.groupId,
    state(token),
    token.createdAt,
    token.replacedBy ?? '',
  ],
  holders: 'its collectors',
});
