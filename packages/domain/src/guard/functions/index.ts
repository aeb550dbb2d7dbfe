import { aggregates } from './aggregates';
import { collections } from './collections';
import { combinators } from './combinators';
import { conversion } from './conversion';
import { dates } from './dates';
import { geo } from './geo';
import { numbers } from './numbers';
import { other } from './other';
import { text } from './text';
import { words } from './words';

export { higherOrder, takesAggregate, takesFunction, takingAggregates } from './codeInTexts';
export { combinators } from './combinators';
export { denied as deniedFunctions } from './denied';

/** Functions to the parser, which `system.functions` does not list: it makes others of them, or nothing but their arguments. */
const syntax = words(`
  exists grouping untuple
  dateAdd DATE_ADD timestampAdd TIMESTAMP_ADD dateSub DATE_SUB timestampSub TIMESTAMP_SUB
`);

const groups: readonly Readonly<Record<string, readonly string[]>>[] = [
  text,
  numbers,
  dates,
  collections,
  conversion,
  geo,
  aggregates,
  other,
];

/**
 * The functions that a tenant may call: those of ClickHouse 26.7 that read nothing but their arguments, the block they stand
 * in and the clock. Functions that take the name of an aggregate function as a text (`arrayReduce`,
 * `initializeAggregation`) are among them, since aggregate functions read nothing else either.
 */
export const allowedFunctions: readonly string[] = groups.flatMap((group) =>
  Object.values(group).flat(),
);

// By lower case: many names are the same in any case, and no name that is refused differs from one of these by case alone.
const lower = (names: readonly string[]) => new Set(names.map((name) => name.toLowerCase()));
const known = lower([...allowedFunctions, ...syntax]);
const aggregateNames = lower(Object.values(aggregates).flat());

/** The longest name of 26.7 has 51 characters; with more combinators than this nobody has called it. */
const maxName = 200;

/** Whether a tenant may call the function, which may be an aggregate function with combinators (`sumIf`, `uniqStateOrNull`). */
export function isAllowedFunction(name: string): boolean {
  return name.length <= maxName && (known.has(name.toLowerCase()) || isCombined(name));
}

function isCombined(name: string): boolean {
  return combinators.some((suffix) => {
    if (!name.endsWith(suffix)) return false;
    const base = name.slice(0, -suffix.length);
    return aggregateNames.has(base.toLowerCase()) || isCombined(base);
  });
}
