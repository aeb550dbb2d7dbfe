import type { NewOperatorToken, OperatorToken } from '../../../answers';
import { printFields, printJson, printTable } from '../../../output';

/** One token. @param token its secret, which is shown this once, when it has just been made. */
export function printToken(
  view: OperatorToken,
  json: boolean,
  token?: NewOperatorToken['token'],
): void {
  if (json) {
    printJson(token === undefined ? view : { ...view, token });
    return;
  }
  printFields([
    ['id', view.id],
    ['name', view.name],
    ['role', view.role],
    ['expires', expiry(view)],
    ['created', `${view.createdAt}, by ${view.createdBy}`],
    ['used', view.lastUsedAt ?? 'never'],
    ...(token === undefined ? [] : ([['token', token]] satisfies [string, string][])),
  ]);
}

function expiry({ expiresAt, expired }: OperatorToken): string {
  if (expiresAt === null) return 'never';
  return expired ? `${expiresAt} (expired)` : expiresAt;
}

/** Several tokens, a line each. */
export function printTokens(tokens: OperatorToken[], json: boolean): void {
  if (json) {
    printJson(tokens);
    return;
  }
  printTable(
    ['id', 'name', 'role', 'expires', 'created by', 'last used'],
    tokens.map((token) => [
      token.id,
      token.name,
      token.role,
      expiry(token),
      token.createdBy,
      token.lastUsedAt ?? 'never',
    ]),
  );
}
