import { quoteIdentifier } from '../tables/quote';
import type { TenantScope } from './scope';
import { isOwnTable } from './scope';
import { isNarrowed, narrowed } from './systemTables';
import { tableFunctions } from './tableFunctions';
import type { Token } from './tokens';
import { isSymbol, isWord, nameOf } from './tokens';

/** The tokens that run, and how many reads of system tables stand behind a condition in them. */
export interface Rewritten {
  tokens: readonly Token[];
  narrowedReads: number;
}

/**
 * Puts the tenant's rows in the place of each system table, and the database before the tenant's own tables that have none.
 * It knows no grammar: the syntax tree of the result tells whether a system table is still read otherwise.
 */
export function rewrite(tokens: readonly Token[], tenant: TenantScope): Rewritten {
  const result: Token[] = [];
  let narrowedReads = 0;
  /** The words before the brackets that are open; blank where there is none. */
  const open: string[] = [];
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (!token) break;
    if (isSymbol(token, '(', '[')) open.push(nameOf(tokens[at - 1]) ?? '');
    else if (isSymbol(token, ')', ']')) open.pop();
    const table = systemTableAt(tokens, at);
    const call = open.at(-1) ?? '';
    if (table !== undefined) {
      const rows = narrowed(table, tenant);
      result.push({ kind: 'own', text: call === 'cluster' ? `view${rows}` : rows });
      narrowedReads += 1;
      at += 2;
      continue;
    }
    if (lacksDatabase(tokens, at, tenant) && tableFunctions.get(call) !== 'ownTable') {
      result.push(...database(tenant));
    }
    result.push(token);
  }
  return { tokens: result, narrowedReads };
}

/** The system table that is named from here on, if it is one that only some rows are read of. */
function systemTableAt(tokens: readonly Token[], at: number): string | undefined {
  if (nameOf(tokens[at]) !== 'system' || !isSymbol(tokens[at + 1], '.')) return undefined;
  if (isSymbol(tokens[at - 1], '.') || isSymbol(tokens[at + 3], '.')) return undefined;
  const table = nameOf(tokens[at + 2]);
  return table !== undefined && isNarrowed(table) ? table : undefined;
}

/** Whether a table of the tenant is named here by its last name alone, and no alias or expression of that name is made. */
function lacksDatabase(tokens: readonly Token[], at: number, tenant: TenantScope): boolean {
  const name = nameOf(tokens[at]);
  const before = tokens[at - 1];
  const after = tokens[at + 1];
  if (name === undefined || !isOwnTable(name, tenant) || isSymbol(after, '.')) return false;
  if (isWord(after, 'AS') && isSymbol(tokens[at + 2], '(')) return false;
  return isWord(before, 'FROM', 'JOIN', 'IN') || isSymbol(before, ',', '(');
}

const database = (tenant: TenantScope): Token[] => [
  { kind: 'own', text: quoteIdentifier(tenant.database) },
  { kind: 'symbol', text: '.' },
];

/** An id, or most of one. */
const likeAnId = /[0-9a-f]{12}/i;

/**
 * Names that WITH may define: `name AS (`. The syntax tree does not show them, and need not: statements run with the empty
 * database as the current one, where any other name without a database is nothing. None has a dot, which the tree shows as it
 * shows a database and a table; and none is like a tenant's table, since the engine's error for a name that is not defined
 * suggests tables of nearly that name.
 */
export function definedNames(tokens: readonly Token[]): Set<string> {
  const names = new Set<string>();
  for (const [index, token] of tokens.entries()) {
    const name = nameOf(token);
    if (name === undefined || !isWord(tokens[index + 1], 'AS')) continue;
    if (name.includes('.') || likeAnId.test(name)) continue;
    const opens = isWord(tokens[index + 2], 'MATERIALIZED') ? index + 3 : index + 2;
    if (isSymbol(tokens[opens], '(')) names.add(name);
  }
  return names;
}
