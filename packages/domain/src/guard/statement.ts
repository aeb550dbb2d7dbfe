import { defaultReaderLimits } from '../access/limits';
import { quoteLiteral, quoteQualified } from '../tables/quote';
import { callFault } from './calls';
import { readTokens } from './lexer';
import { lastOutside, peel, readAssignments } from './peel';
import { definedNames, rewrite } from './rewrite';
import type { TenantScope } from './scope';
import { isOwnTable } from './scope';
import { withOwnSession } from './session';
import { narrowed, systemTables } from './systemTables';
import type { Token } from './tokens';
import { isSymbol, isWord, nameOf, renderTokens, written } from './tokens';
import type { Permission, Refusal } from './verdict';
import { isRefusal, refuse } from './verdict';

/** A statement in canonical form, before the engine has said what it reads in it. */
export interface Canonical extends Omit<Permission, 'allowed'> {
  /** Asks the engine for the syntax tree of the SELECT in it, executing nothing; without it there is none. */
  question?: string;
  /** What the SELECT's syntax tree is compared with. */
  expected: Expected;
}

export interface Expected {
  /** Names that WITH may define. */
  names: ReadonlySet<string>;
  narrowedReads: number;
  /** The word SELECT, so often; a tree with fewer of them hides one. */
  selects: number;
}

/** What a kind of statement becomes. */
type Part = Pick<Canonical, 'kind' | 'text' | 'question' | 'expected'>;

const nothingExpected: Expected = { names: new Set(), narrowedReads: 0, selects: 0 };

/**
 * Reads a statement strictly and writes it anew, so that nothing of its sender's spelling reaches the engine.
 * @param parameters what `{name:Type}` stands for; the same must go with {@link Canonical.question} and with the statement.
 */
export function canonicalise(
  text: string,
  parameters: ReadonlyMap<string, string>,
  tenant: TenantScope,
): Canonical | Refusal {
  const read = readTokens(text, parameters);
  if (isRefusal(read)) return read;
  const peeled = peel(read, tenant.limits ?? defaultReaderLimits);
  if (isRefusal(peeled)) return peeled;
  const { settings, format } = peeled;
  const tokens = withOwnSession(peeled.tokens, tenant);
  const part = startFault(tokens) ?? tokenFault(tokens) ?? readKind(tokens, tenant);
  return isRefusal(part) ? part : { ...part, settings, ...(format !== undefined && { format }) };
}

const starts = ['SELECT', 'WITH', 'FROM', 'EXPLAIN', 'DESCRIBE', 'DESC', 'SHOW', 'EXISTS'];

function startFault([first]: readonly Token[]): Refusal | undefined {
  if (isWord(first, ...starts) || isSymbol(first, '(')) return undefined;
  return refuse('statement', 'This kind of statement is not available', written(first));
}

/** What no statement may hold, wherever it stands. */
function tokenFault(tokens: readonly Token[]): Refusal | undefined {
  for (const [index, token] of tokens.entries()) {
    const next = tokens[index + 1];
    if (isWord(token, 'UUID') && next?.kind === 'string') {
      return refuse('table', 'A table is named by its name, not by its UUID');
    }
    if (isWord(token, 'INTO') && isWord(next, 'OUTFILE')) {
      return refuse('statement', 'INTO OUTFILE is not available');
    }
    // Filters of system tables are found by alias too: nothing else may be called like one.
    const name = nameOf(token);
    if (name !== undefined && /^system\./i.test(name)) {
      return refuse('table', 'A name may not begin like this', name);
    }
  }
  return callFault(tokens);
}

function readKind(tokens: readonly Token[], tenant: TenantScope): Part | Refusal {
  const [first, second] = tokens;
  if (isWord(first, 'EXPLAIN')) return explain(tokens.slice(1), tenant);
  if (isWord(first, 'DESCRIBE', 'DESC')) {
    return describe(tokens.slice(isWord(second, 'TABLE') ? 2 : 1), tenant);
  }
  if (isWord(first, 'EXISTS')) return exists(tokens.slice(1), tenant);
  if (isWord(first, 'SHOW')) return show(tokens.slice(1), tenant);
  return select('select', '', tokens, tenant);
}

/** `prefix` is of our making; `subject` is what of the statement the prefix is about. */
function select(
  kind: Permission['kind'],
  prefix: string,
  subject: readonly Token[],
  tenant: TenantScope,
): Part | Refusal {
  // Without its SELECT, the engine would take `EXPLAIN AST FROM t` for a query of a column called EXPLAIN.
  if (isWord(subject[0], 'FROM') && lastOutside(subject, 'SELECT') < 0) {
    return refuse('statement', 'A query has a SELECT');
  }
  const { tokens, narrowedReads } = rewrite(subject, tenant);
  const text = renderTokens(tokens);
  const words = tokens.filter((token) => isWord(token, 'SELECT')).length;
  return {
    kind,
    text: `${prefix}${text}`,
    // In brackets it can be nothing but a query, whatever the settings of the engine let a statement be.
    question: `EXPLAIN AST (${text})`,
    expected: {
      names: definedNames(subject),
      narrowedReads,
      selects: words + narrowedReads,
    },
  };
}

const explainKinds = ['ESTIMATE', 'PLAN', 'PIPELINE'];
/** Options of EXPLAIN PLAN and PIPELINE that show more of the same statement. */
const explainOptions = new Set(
  'header description indexes projections actions sorting json graph compact'.split(' '),
);

function explain(tokens: readonly Token[], tenant: TenantScope): Part | Refusal {
  const [first] = tokens;
  const kind = explainKinds.find((one) => isWord(first, one));
  const rest = kind === undefined ? tokens : tokens.slice(1);
  const start = rest.findIndex((token) => isWord(token, 'SELECT', 'WITH') || isSymbol(token, '('));
  if (start < 0) return refuse('statement', 'This is nothing to explain', written(rest[0]));
  const options = start === 0 ? [] : readAssignments(rest.slice(0, start));
  if (
    !options ||
    options.some(({ name, value }) => !explainOptions.has(name) || !/^[01]$/.test(value ?? ''))
  ) {
    return refuse(
      'statement',
      'EXPLAIN is ESTIMATE, PLAN or PIPELINE of a SELECT, with options that are 0 or 1',
      written(rest[0]),
    );
  }
  const shown = options.map(({ name, value }) => `${name} = ${value}`).join(', ');
  const prefix = ['EXPLAIN', kind, shown].filter(Boolean).join(' ');
  return select('explain', `${prefix} `, rest.slice(start), tenant);
}

/** DESCRIBE of a table, of a subquery or of a table function. */
function describe(target: readonly Token[], tenant: TenantScope): Part | Refusal {
  if (isSymbol(target[0], '(') || isSymbol(target[1], '(')) {
    const query: Token[] = [{ kind: 'own', text: 'SELECT * FROM' }, ...target];
    const part = select('describe', '', query, tenant);
    if (isRefusal(part)) return part;
    const text = part.text.replace(/^SELECT \* FROM/, 'DESCRIBE TABLE');
    return { ...part, text, expected: { ...part.expected, selects: part.expected.selects + 1 } };
  }
  const table = readTable(target, tenant);
  if (isRefusal(table)) return table;
  return { kind: 'describe', text: `DESCRIBE TABLE ${table.text}`, expected: nothingExpected };
}

function exists(tokens: readonly Token[], tenant: TenantScope): Part | Refusal {
  const [what] = tokens;
  const kind = ['TABLE', 'VIEW'].find((one) => isWord(what, one));
  const table = readTable(kind === undefined ? tokens : tokens.slice(1), tenant);
  if (isRefusal(table)) return table;
  return {
    kind: 'exists',
    text: `EXISTS ${kind ?? 'TABLE'} ${table.text}`,
    expected: nothingExpected,
  };
}

/** `[database.]table`, and nothing behind it: a table of the tenant, or a system table that it may read. */
function readTable(tokens: readonly Token[], tenant: TenantScope): { text: string } | Refusal {
  const [first, dot, second] = tokens;
  const qualified = isSymbol(dot, '.');
  const database = qualified ? nameOf(first) : tenant.database;
  const name = nameOf(qualified ? second : first);
  const shown = renderTokens(tokens);
  if (tokens.length !== (qualified ? 3 : 1) || database === undefined || name === undefined) {
    return refuse('table', 'This is not the name of a table', shown);
  }
  const own = database === tenant.database && isOwnTable(name, tenant);
  if (own || (database === 'system' && Object.hasOwn(systemTables, name))) {
    return { text: quoteQualified(database, name) };
  }
  return refuse('table', 'This table is not available', `${database}.${name}`);
}

/** SHOW DATABASES and SHOW TABLES, as queries of the tenant's rows of the system tables: with the same column. */
function show(tokens: readonly Token[], tenant: TenantScope): Part | Refusal {
  const [what, from, database] = tokens;
  if (isWord(what, 'DATABASES')) return list('databases', undefined, tokens.slice(1), tenant);
  if (!isWord(what, 'TABLES')) {
    return refuse('statement', 'SHOW is of DATABASES and TABLES', written(what));
  }
  if (!isWord(from, 'FROM', 'IN')) return list('tables', tenant.database, tokens.slice(1), tenant);
  const name = nameOf(database);
  if (name !== tenant.database && name !== 'system') {
    return refuse('table', 'This database is not available', name ?? written(database));
  }
  return list('tables', name, tokens.slice(3), tenant);
}

function list(
  table: 'databases' | 'tables',
  database: string | undefined,
  filter: readonly Token[],
  tenant: TenantScope,
): Part | Refusal {
  const rest = [...filter];
  const not = isWord(rest[0], 'NOT') ? [rest.shift()] : [];
  const pattern = isWord(rest[0], 'LIKE', 'ILIKE') ? rest.splice(0, 2) : [];
  const limit = isWord(rest[0], 'LIMIT') ? rest.splice(0, 2) : [];
  const like = [...not, ...pattern].filter((token) => token !== undefined);
  const isPattern = pattern.length === 0 ? not.length === 0 : isValue(pattern[1], 'string');
  if (rest.length > 0 || !isPattern || (limit.length > 0 && !isValue(limit[1], 'number'))) {
    return refuse(
      'statement',
      'SHOW takes FROM, LIKE and LIMIT, in this order',
      written(filter[0]),
    );
  }
  const conditions = [
    database !== undefined && `database = ${quoteLiteral(database)}`,
    like.length > 0 && `name ${renderTokens(like)}`,
  ].filter((condition) => condition !== false);
  const text = [
    `SELECT name FROM ${narrowed(table, tenant)}`,
    conditions.length > 0 && `WHERE ${conditions.join(' AND ')}`,
    'ORDER BY name',
    limit.length > 0 && renderTokens(limit),
  ];
  return { kind: 'show', text: text.filter(Boolean).join(' '), expected: nothingExpected };
}

const isValue = (token: Token | undefined, kind: 'string' | 'number') =>
  token?.kind === kind || (token?.kind === 'parameter' && token.type !== 'Identifier');
