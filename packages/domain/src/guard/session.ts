import { readerName } from '../access/names';
import { quoteLiteral } from '../tables/quote';
import type { TenantScope } from './scope';
import type { Token } from './tokens';
import { isSymbol } from './tokens';

type Says = (tenant: TenantScope) => string;

const database: Says = (tenant) => tenant.database;
const user: Says = ({ id }) => readerName(id);
/** `displayName()` is the name of a machine, and what clickhouse-go asks for before anything else. */
const server: Says = () => 'ClickHouse';

/** What clients ask about their session, by lower case: that of the engine is the door's, so its answers would be no use. */
const answers: ReadonlyMap<string, Says> = new Map([
  ['currentdatabase', database],
  ['current_database', database],
  ['database', database],
  ['schema', database],
  ['currentuser', user],
  ['current_user', user],
  ['user', user],
  ['displayname', server],
]);

/** The tokens with the tenant's own database and user in the place of `currentDatabase()`, `currentUser()` and their like. */
export function withOwnSession(tokens: readonly Token[], tenant: TenantScope): readonly Token[] {
  const result: Token[] = [];
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (!token) break;
    const isCall = isSymbol(tokens[at + 1], '(') && isSymbol(tokens[at + 2], ')');
    const says =
      isCall && token.kind === 'word' ? answers.get(token.text.toLowerCase()) : undefined;
    if (says) at += 2;
    result.push(says ? { kind: 'own', text: quoteLiteral(says(tenant)) } : token);
  }
  return result;
}
