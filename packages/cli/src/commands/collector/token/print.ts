import type { CollectorToken } from '../../../collectorAnswers';
import { printFields, printJson, printTable } from '../../../output';

type Field = [name: string, value: string];

/** `replaced, good until 2027-01-02T03:04:05.000Z` */
function state({ state, expiresAt, revokedAt }: CollectorToken): string {
  if (state === 'replaced' && expiresAt !== null) return `replaced, good until ${expiresAt}`;
  const since = state === 'revoked' ? revokedAt : state === 'expired' ? expiresAt : null;
  return since === null ? state : `${state} since ${since}`;
}

/** One token. @param token its secret, which is shown this once, when it has just been made. */
export function printToken(view: CollectorToken, json: boolean, token?: string): void {
  if (json) {
    printJson(token === undefined ? view : { ...view, token });
    return;
  }
  printFields([
    ['id', view.id],
    ['name', view.name],
    ['group', view.groupId],
    ['state', state(view)],
    ['created', view.createdAt],
    ...(token === undefined ? [] : ([['token', token]] satisfies Field[])),
  ]);
}

/** Several tokens, a line each. */
export function printTokens(tokens: readonly CollectorToken[], json: boolean): void {
  if (json) {
    printJson(tokens);
    return;
  }
  printTable(
    ['id', 'name', 'group', 'state', 'created', 'replaced by'],
    tokens.map((token) => [
      token.id,
      token.name,
      token.groupId,
      state(token),
      token.createdAt,
      token.replacedBy ?? '',
    ]),
  );
}
