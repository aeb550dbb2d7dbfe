import { words } from './words';

const lower = (names: readonly string[]): ReadonlySet<string> =>
  new Set(names.map((name) => name.toLowerCase()));

/**
 * Functions that take another as their first argument: a lambda, or since ClickHouse 26.4 the bare name of any function, which
 * the syntax tree shows as it shows a column.
 */
export const higherOrder: readonly string[] = words(`
  arrayAll arrayAvg arrayBottomK arrayCompact arrayCount arrayCumSum arrayCumSumNonNegative arrayDifference arrayExists arrayFill
  arrayFilter arrayFirst arrayFirstIndex arrayFirstOrNull arrayFold arrayLast arrayLastIndex arrayLastOrNull arrayMap
  arrayMax arrayMin arrayPartialReverseSort arrayPartialSort arrayProduct arrayReverseFill arrayReverseSort
  arrayReverseSplit arraySort arraySplit arraySum arrayTopK mapAll mapApply mapExists mapFilter mapPartialReverseSort
  mapPartialSort mapReverseSort mapSort
`);

/**
 * Functions whose first argument is the text of an aggregate function with its parameters. Those are any expressions, which
 * ClickHouse computes, subqueries among them.
 */
export const takingAggregates: readonly string[] = words(`
  arrayReduce arrayReduceInRanges initializeAggregation
`);

const functionTakers = lower(higherOrder);
const aggregateTakers = lower(takingAggregates);

export const takesFunction = (name: string): boolean => functionTakers.has(name.toLowerCase());
export const takesAggregate = (name: string): boolean => aggregateTakers.has(name.toLowerCase());
