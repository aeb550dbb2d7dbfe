import type { ReaderLimits } from '../access/limits';
import { checkSetting } from './settings';
import type { Token } from './tokens';
import { isSymbol, isWord, nameOf, written } from './tokens';
import type { Refusal, Setting } from './verdict';
import { isRefusal, refuse } from './verdict';

/** A statement without the clauses that stand behind it, and those. */
export interface Peeled {
  tokens: readonly Token[];
  format?: string;
  settings: readonly Setting[];
}

/** SETTINGS, FORMAT and SETTINGS again is all that ClickHouse takes. */
const maxClauses = 3;

const formatName = /^[A-Za-z][A-Za-z0-9]{0,63}$/;

/**
 * Takes FORMAT and the outermost SETTINGS off the end of a statement: `EXPLAIN AST` would apply them, not show them.
 * What is no such clause stays where it is; in a subquery the syntax tree shows that there is one, and it is refused.
 */
export function peel(statement: readonly Token[], limits: ReaderLimits): Peeled | Refusal {
  let tokens = statement;
  let format: string | undefined;
  const settings: Setting[] = [];
  for (let count = 0; count < maxClauses; count += 1) {
    const clause = readClause(tokens);
    if (!clause) break;
    tokens = tokens.slice(0, clause.start);
    if ('format' in clause) {
      if (!formatName.test(clause.format) || format !== undefined) {
        return refuse('text', 'This is not the name of a format', clause.format);
      }
      format = clause.format;
      continue;
    }
    const checked = checkAll(clause.assignments, limits);
    if (isRefusal(checked)) return checked;
    settings.unshift(...checked);
  }
  return { tokens, settings, ...(format !== undefined && { format }) };
}

type Clause = { start: number } & ({ format: string } | { assignments: readonly Assignment[] });

interface Assignment {
  name: string;
  value: string | undefined;
}

function readClause(tokens: readonly Token[]): Clause | undefined {
  const start = tokens.length - 2;
  if (start > 0 && isWord(tokens[start], 'FORMAT')) {
    return { start, format: nameOf(tokens[start + 1]) ?? written(tokens[start + 1]) };
  }
  const settings = lastOutside(tokens, 'SETTINGS');
  const assignments = readAssignments(tokens.slice(settings + 1));
  return settings > 0 && assignments ? { start: settings, assignments } : undefined;
}

/** Where a keyword stands for the last time outside all brackets; -1 where it does not. */
export function lastOutside(tokens: readonly Token[], keyword: string): number {
  let depth = 0;
  for (let index = tokens.length - 1; index >= 0; index -= 1) {
    const token = tokens[index];
    if (isSymbol(token, ')', ']')) depth += 1;
    else if (isSymbol(token, '(', '[')) depth -= 1;
    else if (depth === 0 && isWord(token, keyword)) return index;
  }
  return -1;
}

/** `name = value, name = value`; `undefined` for anything else. */
export function readAssignments(tokens: readonly Token[]): Assignment[] | undefined {
  const assignments: Assignment[] = [];
  for (let at = 0; at < tokens.length || assignments.length === 0;) {
    if (at > 0 && !isSymbol(tokens[at++], ',')) return undefined;
    const name = tokens[at++];
    if ((name?.kind !== 'word' && name?.kind !== 'name') || !isSymbol(tokens[at++], '=')) {
      return undefined;
    }
    const sign = isSymbol(tokens[at], '-') ? written(tokens[at++]) : '';
    const value = tokens[at++];
    if (!value || value.kind === 'symbol') return undefined;
    assignments.push({ name: name.text, value: valueOf(value, sign) });
  }
  return assignments;
}

function valueOf(token: Token, sign: string): string | undefined {
  if (token.kind === 'string') return token.value;
  return token.kind === 'number' || token.kind === 'word' ? sign + token.text : undefined;
}

function checkAll(assignments: readonly Assignment[], limits: ReaderLimits): Setting[] | Refusal {
  const settings: Setting[] = [];
  for (const { name, value } of assignments) {
    if (value === undefined) return refuse('setting', 'A setting has a plain value', name);
    const outcome = checkSetting(name, value, limits);
    if (typeof outcome === 'object') return outcome;
    if (outcome === 'pass') settings.push([name, value]);
  }
  return settings;
}
