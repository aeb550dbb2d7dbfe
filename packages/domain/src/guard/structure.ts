/** Types with arguments. */
const bracketed: ReadonlySet<string> = new Set([
  'Array',
  'DateTime',
  'DateTime64',
  'Decimal',
  'FixedString',
  'LowCardinality',
  'Map',
  'Nullable',
  'Tuple',
]);

/** Longer than anybody's list of columns. */
const maxCharacters = 2_000;

const innermost = /\([^()]*\)/g;

/**
 * Whether a text is a list of columns with their types, and nothing else: `a UInt8, b Array(String)`. Where a table function
 * takes such a list, a column may also have a DEFAULT or an ALIAS, with an expression that nobody has judged.
 */
export function isPlainStructure(text: string): boolean {
  if (text.length > maxCharacters || !/^[\w ,()]*$/.test(text)) return false;
  for (const [, opens = ''] of text.matchAll(/(\w*) *\(/g)) {
    if (!bracketed.has(opens)) return false;
  }
  let outside = text;
  for (let before = ''; before !== outside;) {
    before = outside;
    outside = outside.replace(innermost, '');
  }
  return outside.split(',').every((column) => /^ *\w+ +\w+ *$/.test(column));
}
