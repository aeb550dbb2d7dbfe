/** What a table function's arguments have to be. */
export type TableFunctionRule =
  /** Values, expressions and subqueries, which are judged as anywhere. */
  | 'values'
  /** As well, but for a first one that is a text: columns with their types, and nothing else. */
  | 'structure'
  /** A text or name that is the tenant's database, one that is a table of the tenant, and more of the kind. */
  | 'ownTable'
  /** The cluster of the tenant's target, and a `view(..)`. */
  | 'cluster';

/** The table functions that a tenant may call; every other one reads files, other servers or others' tables. */
export const tableFunctions: ReadonlyMap<string, TableFunctionRule> = new Map([
  ['numbers', 'values'],
  ['numbers_mt', 'values'],
  ['zeros', 'values'],
  ['zeros_mt', 'values'],
  ['generateSeries', 'values'],
  ['generate_series', 'values'],
  ['values', 'structure'],
  // `FROM (VALUES (1), (2))`
  ['SQLStandardValues', 'values'],
  ['null', 'structure'],
  ['generateRandom', 'structure'],
  // Its argument is a subquery.
  ['view', 'values'],
  ['mergeTreeTextIndex', 'ownTable'],
  ['cluster', 'cluster'],
]);
