// JSON leaves these characters bare, and YAML, as which a collector reads the text, refuses them
// (control characters) or folds them like line ends (NEL, LS, PS).
const BARE_IN_JSON_ONLY = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/**
 * One text for one value: keys in code unit order, no white space. Equal configs so have equal bytes and
 * one hash, in whatever order their parts were put together. The text is JSON, and YAML of the same meaning.
 */
export function canonicalJson(value: object): string {
  return JSON.stringify(sorted(value)).replace(
    BARE_IN_JSON_ONLY,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The same in lines of their own, for people and for diffs. */
export function prettyJson(value: object): string {
  return `${JSON.stringify(sorted(value), null, 2)}\n`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => compareText(a, b))
      .map(([key, item]) => [key, sorted(item)]),
  );
}

/** Order by code units: the same on every machine, which a locale's order is not. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
