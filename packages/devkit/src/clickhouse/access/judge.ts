import type { Connection, Engine } from '../engine';
import { notImplemented, ServerError } from '../errors';
import { isKeyword, tokens } from '../lexer';
import { canonicalText, prepare, textOf, type Query } from '../run';
import { literal } from '../settings';
import { parseInsert, parseStatement } from '../statement';
import { parseAst } from './ast';
import { checkChanges, effectiveProfile, settingsIn, type EngineSettings } from './constraints';
import { holds, written } from './grantList';
import { needsOf, type Need, type Needs } from './needs';
import { denied } from './refusals';
import type { AccessState, User } from './state';
import { filterSetting, isNarrowed, readableByAll, systemFilters } from './systemReads';
import { nameOf } from './tokenReader';

export interface JudgeContext {
  engine: Engine;
  settings: EngineSettings;
  state: AccessState;
}

/**
 * Holds a user's query to what the user was granted, and returns it in the form in which it runs: as the engine wrote it
 * when it was looked at, with the settings of the user's profile, and with filters on `system` tables.
 * @throws ServerError 497 for a right that is missing, 60 for a table that is not there, and as {@link checkChanges}.
 */
export async function judge(query: Query, user: User, context: JudgeContext): Promise<Query> {
  const database = query.database ?? user.defaultDatabase;
  const located = { ...query, database };
  const { canonical, tree } = await read(located, context.engine);
  const profile = effectiveProfile(context.state, user.profile, context.settings);
  const stated = [...query.parameters.settings];
  checkChanges(profile, [...stated, ...settingsIn(canonical)], context.settings);
  const needs = needsOf(parseAst(tree), canonical, user.name);
  for (const need of needs.list) {
    await check(need, needs, user, database ?? 'default', context.engine);
  }
  // The engine takes all users for one, and would count all of them against what one may have.
  const own = [...profile.values].filter(([name]) => !name.endsWith('_for_user'));
  const settings = new Map([...own, ...stated, [filterSetting, systemFilters(user.grants)]]);
  // 1 would forbid the engine what `CHANGEABLE_IN_READONLY` allows here.
  if (Number(settings.get('readonly') ?? 0) > 0) settings.set('readonly', '2');
  const parameters = { ...query.parameters, settings };
  return { ...located, parameters, input: judgedInput(query.input, canonical) };
}

/** What was judged is what runs. */
function judgedInput(input: Query['input'], canonical: string): Query['input'] {
  const text = Buffer.from(canonical);
  if (!('file' in input)) return { statement: { ...parseStatement(text), several: false } };
  const statement = parseInsert(text, true);
  if (!statement) throw notImplemented('This form of INSERT is not implemented here');
  return { statement, file: input.file };
}

/** The statement as the engine's parser writes it, and as its tree; nothing of it is executed. */
async function read(query: Query, engine: Engine): Promise<{ canonical: string; tree: string[] }> {
  const { input } = query;
  const text =
    'file' in input
      ? `${input.statement.into}\n${input.statement.settings}\nFORMAT ${input.statement.format}`
      : textOf(input.statement);
  const parameters = { ...query.parameters, settings: new Map<string, string>() };
  return engine.connect(async (connection: Connection) => {
    await prepare(connection, { ...query, parameters, readonly: false });
    const canonical = await canonicalText(connection, text);
    refuseOddNames(canonical, query.parameters.query);
    const shown = 'file' in input ? canonical : withoutFormat(canonical);
    const result = await connection.query(`EXPLAIN AST ${shown}`, 'JSONCompactEachRow');
    const lines = result.text().trim().split('\n');
    return { canonical, tree: lines.map((line) => (JSON.parse(line) as [string])[0]) };
  });
}

/** `FORMAT f` would be taken for that of the tree. */
function withoutFormat(canonical: string): string {
  const list = [...tokens(canonical)];
  const index = list.findLastIndex((token, at) => {
    const after = list[at + 2];
    return isKeyword(token, 'FORMAT') && (!after || isKeyword(after, 'SETTINGS'));
  });
  const [format, name] = index > 0 ? list.slice(index, index + 2) : [];
  if (!format || !name) return canonical;
  return canonical.slice(0, format.start) + canonical.slice(name.end);
}

/** The tree shows names as they are: one with a line end in it could show as lines of its own. */
function refuseOddNames(canonical: string, parameters: ReadonlyMap<string, string>): void {
  const odd = /[\p{Cc}\\]/u;
  const list = [...tokens(canonical)];
  const isOdd = list.some((token, at) => {
    if (/^[`"]/.test(token.text)) return odd.test(token.text);
    const isParameter = token.text === '{' && list[at + 3]?.text === 'Identifier';
    return isParameter && odd.test(parameters.get(nameOf(list[at + 1]) ?? '') ?? '');
  });
  if (isOdd) throw notImplemented('Names with control characters or backslashes');
}

async function check(
  need: Need,
  { defined }: Needs,
  user: User,
  currentDatabase: string,
  engine: Engine,
): Promise<void> {
  const { privilege, table } = need;
  const database = need.database ?? currentDatabase;
  const place = `${written(database)}.${written(table)}`;
  if (database === 'system' && privilege === 'SELECT' && readableByAll.has(table)) return;
  if (isHeld(need, database, user)) {
    if (database !== 'system' || isNarrowed(table)) return;
    throw notImplemented(`Showing ${place} to a user who may not see all of it`);
  }
  const isDefined = need.database === undefined && defined.has(table);
  if (privilege === 'SELECT' && !(await exists(engine, database, table))) {
    if (isDefined) return;
    const name = need.database === undefined ? written(table) : place;
    throw new ServerError(60, 'UNKNOWN_TABLE', `Unknown table expression identifier '${name}'`);
  }
  throw denied(user.name, `${privilege === 'any' ? 'SHOW TABLES' : privilege} ON ${place}`);
}

function isHeld({ privilege, table }: Need, database: string, { grants }: User): boolean {
  const has = (one: 'SELECT' | 'INSERT' | 'SHOW COLUMNS'): boolean =>
    holds(grants, one, database, table);
  switch (privilege) {
    case 'SELECT':
    case 'INSERT':
      return has(privilege);
    // Whoever reads a table may know its columns.
    case 'SHOW COLUMNS':
      return has('SHOW COLUMNS') || has('SELECT');
    case 'any':
      return has('SHOW COLUMNS') || has('SELECT') || has('INSERT');
  }
}

async function exists(engine: Engine, database: string, table: string): Promise<boolean> {
  const where = `database = ${literal(database)} AND name = ${literal(table)}`;
  const result = await engine.connect((connection) =>
    connection.query(`SELECT count() FROM system.tables WHERE ${where}`),
  );
  return result.text().trim() !== '0';
}
