/** How the values of a type lie in a Native column: as much as is needed to find the column's end. */
export type Layout =
  | { kind: 'fixed'; bytes: number }
  | { kind: 'string' }
  | { kind: 'nullable'; inner: Layout }
  | { kind: 'array'; inner: Layout }
  | { kind: 'tuple'; parts: Layout[] }
  | { kind: 'lowCardinality'; dictionary: Layout };

/** Bytes of a value. Source: ClickHouse's documentation of data types. */
const fixedSizes: Record<string, number> = {
  Bool: 1,
  Int8: 1,
  UInt8: 1,
  Int16: 2,
  UInt16: 2,
  Int32: 4,
  UInt32: 4,
  Int64: 8,
  UInt64: 8,
  Int128: 16,
  UInt128: 16,
  Int256: 32,
  UInt256: 32,
  BFloat16: 2,
  Float32: 4,
  Float64: 8,
  Date: 2,
  Date32: 4,
  DateTime: 4,
  DateTime64: 8,
  Time: 4,
  Time64: 8,
  UUID: 16,
  IPv4: 4,
  IPv6: 16,
  Enum8: 1,
  Enum16: 2,
  Decimal32: 4,
  Decimal64: 8,
  Decimal128: 16,
  Decimal256: 32,
  Nothing: 1,
};

/** Splits `a, b(c, d), 'e,f'` at its own commas. */
function splitArguments(text: string): string[] {
  const parts: string[] = [];
  const piece = /'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|[\s\S]/g;
  let depth = 0;
  let current = '';
  for (const [token] of text.matchAll(piece)) {
    if (token === ',' && depth === 0) {
      parts.push(current.trim());
      current = '';
      continue;
    }
    if (token === '(') depth += 1;
    if (token === ')') depth -= 1;
    current += token;
  }
  return current.trim() === '' ? parts : [...parts, current.trim()];
}

/** `Decimal(P, S)` takes as many bytes as its precision needs. */
function decimalBytes(precision: number): number {
  if (precision <= 9) return 4;
  if (precision <= 18) return 8;
  return precision <= 38 ? 16 : 32;
}

/** An element of a tuple: `Type`, or `name Type` with the name quoted if it must be. */
function elementType(element: string): string {
  const named = /^(?:`(?:[^`\\]|\\.)*`|[A-Za-z_]\w*)\s+([\s\S]+)$/.exec(element);
  return named?.[1] ?? element;
}

/**
 * Reads a type's name as it stands in a Native block.
 *
 * @throws Error for a type whose layout is not known here (Variant, Dynamic, JSON, AggregateFunction, ...).
 */
export function parseType(type: string): Layout {
  const match = /^(\w+)(?:\(([\s\S]*)\))?$/.exec(type.trim());
  const name = match?.[1] ?? '';
  const args = splitArguments(match?.[2] ?? '');
  const [first, second] = args;
  const size = fixedSizes[name] ?? (name.startsWith('Interval') ? 8 : undefined);
  if (size !== undefined) return { kind: 'fixed', bytes: size };
  if (name === 'String') return { kind: 'string' };
  if (first !== undefined) {
    switch (name) {
      case 'FixedString':
        return { kind: 'fixed', bytes: Number(first) };
      case 'Decimal':
        return { kind: 'fixed', bytes: decimalBytes(Number(first)) };
      case 'Nullable':
        return { kind: 'nullable', inner: parseType(first) };
      case 'Array':
        return { kind: 'array', inner: parseType(first) };
      case 'Tuple':
        return { kind: 'tuple', parts: args.map((arg) => parseType(elementType(arg))) };
      case 'Nested': {
        const parts = args.map((arg) => parseType(elementType(arg)));
        return { kind: 'array', inner: { kind: 'tuple', parts } };
      }
      case 'Map':
        if (second === undefined) break;
        // A map is an array of pairs.
        return {
          kind: 'array',
          inner: { kind: 'tuple', parts: [parseType(first), parseType(second)] },
        };
      case 'LowCardinality': {
        const dictionary = parseType(first);
        // The null of a LowCardinality(Nullable(T)) is its dictionary's first entry.
        return {
          kind: 'lowCardinality',
          dictionary: dictionary.kind === 'nullable' ? dictionary.inner : dictionary,
        };
      }
      case 'SimpleAggregateFunction':
        if (second !== undefined) return parseType(second);
        break;
    }
  }
  throw new Error(`the layout of ${type} in a Native block is not known`);
}
