import { isAllowedFunction, takesAggregate } from './functions';
import { words } from './functions/words';
import { isNarrowed } from './systemTables';
import { tableFunctions } from './tableFunctions';
import type { Token } from './tokens';
import { isSymbol, isWord, nameOf, written } from './tokens';
import type { Refusal } from './verdict';
import { refuse } from './verdict';

/** Keywords that a bracket may follow. */
const keywords = new Set(
  words(`
    ALL AND ANTI ANY ARRAY AS ASC ASOF BETWEEN BY CASE COLUMNS CUBE DESC DESCRIBE DISTINCT DIV ELSE ESTIMATE EXCEPT EXISTS EXPLAIN FILTER FROM
    HAVING ILIKE IN INTERPOLATE INTERSECT INTERVAL IS JOIN LIKE LIMIT MATERIALIZED MOD NOT OFFSET ON OR ORDER OVER PIPELINE PLAN
    PREWHERE QUALIFY REGEXP REPLACE ROLLUP SELECT SETS SOME STALENESS STEP STRICT TABLE THEN TO UNION USING VALUES WHEN WHERE WITH
  `),
);

/** Types with arguments, behind `::` and in CAST, by upper case. */
const types = new Set(
  words(`
    AGGREGATEFUNCTION ARRAY CHAR CHARACTER DATETIME DATETIME32 DATETIME64 DEC DECIMAL DECIMAL32 DECIMAL64 DECIMAL128
    DECIMAL256 DYNAMIC ENUM ENUM8 ENUM16 FIXED FIXEDSTRING JSON LOWCARDINALITY MAP NESTED NULLABLE NUMERIC QBIT
    SIMPLEAGGREGATEFUNCTION TIME64 TIMESTAMP TUPLE VARCHAR VARIANT
  `),
);

/**
 * The first call of a function that is not allowed, by the tokens alone. The syntax tree is judged as well; this is the wall
 * for what it leaves out.
 */
export function callFault(tokens: readonly Token[]): Refusal | undefined {
  for (const [index, token] of tokens.entries()) {
    if (isWord(token, 'APPLY') && !isPlainApply(tokens, index + 1)) {
      return refuse(
        'function',
        'APPLY takes the name of an allowed function',
        written(tokens[index + 1]),
      );
    }
    if ((token.kind === 'word' || token.kind === 'name') && isSymbol(tokens[index + 1], '(')) {
      if (!mayOpen(token)) {
        return refuse('function', 'This function is not available', token.text);
      }
      if (token.text === 'cluster' && !isSystemTable(tokens, index + 2)) {
        return refuse('table_function', 'This takes a cluster and a table of system', token.text);
      }
    }
  }
  return undefined;
}

function mayOpen(token: { kind: 'word' | 'name'; text: string }): boolean {
  const upper = token.text.toUpperCase();
  if (token.kind === 'word' && (keywords.has(upper) || types.has(upper) || upper === 'APPLY'))
    return true;
  return isAllowedFunction(token.text) || tableFunctions.has(token.text);
}

/**
 * `'<cluster>', system.tables)`, and nothing else: the other servers of a cluster may have another current database, where a
 * name without one is somebody's table.
 */
function isSystemTable(tokens: readonly Token[], start: number): boolean {
  const [, comma, database, dot, table, end] = tokens.slice(start, start + 6);
  return (
    isSymbol(comma, ',') &&
    nameOf(database) === 'system' &&
    isSymbol(dot, '.') &&
    isNarrowed(nameOf(table) ?? '') &&
    isSymbol(end, ')')
  );
}

/**
 * `APPLY f`, `APPLY(f)`, `APPLY(f(1, 'x'))`. The syntax tree shows nothing of what is applied, and a lambda could hold a
 * whole subquery.
 */
function isPlainApply(tokens: readonly Token[], start: number): boolean {
  let at = start;
  const bracketed = isSymbol(tokens[at], '(');
  if (bracketed) at += 1;
  const name = tokens[at++];
  if (name?.kind !== 'word' || !isAllowedFunction(name.text) || takesAggregate(name.text)) {
    return false;
  }
  if (isSymbol(tokens[at], '(')) {
    do at += 1;
    while (
      tokens[at]?.kind === 'number' ||
      tokens[at]?.kind === 'string' ||
      isSymbol(tokens[at], ',')
    );
    if (!isSymbol(tokens[at++], ')')) return false;
  }
  return bracketed ? isSymbol(tokens[at], ')') : !isSymbol(tokens[at], '->');
}
