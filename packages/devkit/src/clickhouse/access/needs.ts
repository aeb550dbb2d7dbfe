import { tokens } from '../lexer';
import { descendants, type Node } from './ast';
import { denied } from './refusals';
import type { Privilege } from './state';
import { nameOf } from './tokenReader';

/** A right that a statement needs on a table that it names. */
export interface Need {
  /** `any`: one right of any kind will do, as for EXISTS. */
  privilege: Privilege | 'any';
  /** Nothing where the statement leaves it to the current database. */
  database: string | undefined;
  table: string;
}

export interface Needs {
  list: readonly Need[];
  /** Names that the statement itself gives to a subquery or an expression: they may stand where a table would. */
  defined: ReadonlySet<string>;
}

/** What makes rows out of nothing, and what takes its rows from a subquery that is looked at anyway. */
const harmlessTableFunctions = new Set([
  'numbers',
  'numbers_mt',
  'zeros',
  'zeros_mt',
  'generateSeries',
  'generate_series',
  'values',
  'null',
  'view',
  'viewIfPermitted',
]);

/** Table functions that read what belongs to the table named by their first two arguments. */
const indexTableFunctions = new Set(['mergeTreeTextIndex']);

/** Functions that read what no table of the statement names. */
const reachingFunctions =
  /^(dict|joinGet|file$|hasColumnInTable|catboost|addressTo|demangle$|getServerSetting$|getMergeTreeSetting$|executable)/i;

const inFunction = /^(global)?(not)?(null)?in(IgnoreSet)?$/i;

const selects = new Set(['SelectWithUnionQuery', 'SelectIntersectExceptQuery', 'SelectQuery']);

/** What EXPLAIN may show: all of it is about tables that the statement must be allowed to read. */
const explains = /^EXPLAIN( (AST|SYNTAX|QUERY TREE|PLAN|PIPELINE|ESTIMATE))?$/;

/** What a user who lacks a right of its own kind is told to need, by the node that the statement is. */
const otherStatements: readonly (readonly [RegExp, string])[] = [
  [/^CreateQuery$/, 'CREATE TABLE'],
  [/^DropQuery$/, 'DROP TABLE'],
  [/^Rename$/, 'DROP TABLE, CREATE TABLE, INSERT'],
  [/^AlterQuery$/, 'ALTER TABLE'],
  [/^(Delete|Update)Query$/, 'ALTER DELETE, ALTER UPDATE'],
  [/^TruncateQuery$/, 'TRUNCATE'],
  [/^OptimizeQuery$/, 'OPTIMIZE'],
  [/^SYSTEM$/, 'SYSTEM'],
  [/^KillQueryQuery$/, 'KILL QUERY'],
  [/^Show/, 'SHOW'],
];

/**
 * What a statement needs, as its syntax tree shows it.
 * @param canonical the engine's own writing of it.
 * @throws ServerError 497 for what only an administrator may do, and for everything that is not known here.
 */
export function needsOf(root: Node, canonical: string, user: string): Needs {
  const refuse = (grant: string): never => {
    throw denied(user, grant);
  };
  const list = [...rootNeeds(root, canonical, refuse)];
  return { list, defined: definedNames(root, canonical) };
}

type Refuse = (grant: string) => never;

function* rootNeeds(root: Node, canonical: string, refuse: Refuse): Generator<Need> {
  const [first] = root.children;
  if (selects.has(root.type)) yield* readNeeds(root, refuse);
  else if (
    root.type === 'Explain' &&
    explains.test(root.text) &&
    first &&
    selects.has(first.type)
  ) {
    yield* readNeeds(first, refuse);
  } else if (root.type === 'DescribeQuery') yield* describeNeeds(root, refuse);
  else if (root.type === 'InsertQuery') yield* insertNeeds(root, refuse);
  else if (/^Exists(Table|View)Query$/.test(root.type)) yield target(root, 'any', refuse);
  else if (/^ShowCreate(Table|View)Query$/.test(root.type)) {
    yield target(root, 'SHOW COLUMNS', refuse);
  } else if (!/^SHOW (FULL )?(TABLES|DATABASES)\b/.test(canonical)) {
    const grant = otherStatements.find(([type]) => type.test(root.type))?.[1] ?? 'ALL';
    const [database, table] = root.text.split(/\s+/);
    refuse(`${grant} ON ${table ? `${database}.${table}` : '*.*'}`);
  }
}

/** The table that a statement is about: one Identifier of a table, or two of database and table. */
function target(root: Node, privilege: Need['privilege'], refuse: Refuse): Need {
  const names: string[] = [];
  for (const { type, text } of root.children) {
    if (type !== 'Identifier') break;
    names.push(text);
  }
  const [first, second] = names;
  if (first === undefined || names.length > 2) return refuse(`${privilege} ON *.*`);
  return second === undefined
    ? { privilege, database: undefined, table: first }
    : { privilege, database: first, table: second };
}

function* insertNeeds(root: Node, refuse: Refuse): Generator<Need> {
  if (root.children.some(({ type }) => type === 'Function')) {
    refuse('CREATE TEMPORARY TABLE ON *.*');
  }
  yield target(root, 'INSERT', refuse);
  for (const child of root.children) {
    if (selects.has(child.type)) yield* readNeeds(child, refuse);
  }
}

function* describeNeeds(root: Node, refuse: Refuse): Generator<Need> {
  const named = root.children[0]?.children[0];
  if (named?.type === 'TableIdentifier') yield needOn(named, 'SHOW COLUMNS', refuse);
  else yield* readNeeds(root, refuse);
}

function* readNeeds(root: Node, refuse: Refuse): Generator<Need> {
  for (const node of descendants(root)) {
    if (node.type === 'TableIdentifier') yield needOn(node, 'SELECT', refuse);
    if (node.type !== 'Function') continue;
    if (node.parent?.type === 'TableExpression') yield* tableFunctionNeeds(node, refuse);
    else if (reachingFunctions.test(node.text)) refuse(`${node.text} ON *.*`);
    const set = inFunction.test(node.text) ? node.children[0]?.children[1] : undefined;
    // `x IN name` reads the table of that name.
    if (set?.type === 'Identifier') yield needOn(set, 'SELECT', refuse);
  }
}

function* tableFunctionNeeds(node: Node, refuse: Refuse): Generator<Need> {
  if (harmlessTableFunctions.has(node.text)) return;
  const [database, table] = (node.children[0]?.children ?? []).map(argumentText);
  if (!indexTableFunctions.has(node.text) || database === undefined || table === undefined) {
    refuse('CREATE TEMPORARY TABLE ON *.*');
    return;
  }
  yield { privilege: 'SELECT', database, table };
}

/** A name given as a plain string or an identifier. */
function argumentText({ type, text }: Node): string | undefined {
  if (type === 'Identifier') return text;
  return type === 'Literal' ? /^'([^'\\]*)'$/.exec(text)?.[1] : undefined;
}

function needOn({ text }: Node, privilege: Privilege, refuse: Refuse): Need {
  const [first = '', second, ...more] = text.split('.');
  // The tree shows names without their quotes: one with a dot in it cannot be told from two.
  if (more.length > 0) refuse(`${privilege} ON ${text}`);
  return second === undefined
    ? { privilege, database: undefined, table: first }
    : { privilege, database: first, table: second };
}

/** Aliases as the tree shows them; of `WITH name AS (...)` it shows no name. */
function definedNames(root: Node, canonical: string): Set<string> {
  const names = new Set<string>();
  for (const { alias } of descendants(root)) if (alias !== undefined) names.add(alias);
  const list = [...tokens(canonical)];
  for (const [index, token] of list.entries()) {
    const [as, bracket] = list.slice(index + 1, index + 3);
    const name = as?.text === 'AS' && bracket?.text === '(' ? nameOf(token) : undefined;
    if (name !== undefined) names.add(name);
  }
  return names;
}
