import { quoteIdentifier } from './quote';
import type { Column, SkipIndex } from './template';
import { textIndexVersion } from './version';

const since = textIndexVersion;
const before = textIndexVersion;
const TEXT_ARRAY = "text(tokenizer = 'array')";

/** Exact look-up in a column that is nearly unique, such as a trace's id. */
export function idIndex(name: string, column: string): SkipIndex {
  return { name, expression: quoteIdentifier(column), type: 'bloom_filter(0.001)', granularity: 1 };
}

/** The same, as an inverted index where the release has it. */
export function idTextIndexes(name: string, column: string): SkipIndex[] {
  const text: SkipIndex = { name, expression: quoteIdentifier(column), type: TEXT_ARRAY, since };
  return [text, { ...idIndex(name, column), before }];
}

/** Words of a text: case-insensitive, as HyperDX's search asks for them. */
export function wordIndex(name: string, column: string): SkipIndex {
  const expression = `lower(${quoteIdentifier(column)})`;
  return { name, expression, type: 'tokenbf_v1(32768, 3, 0)', granularity: 8 };
}

/** The same, as an inverted index where the release has it. */
export function wordTextIndexes(name: string, column: string): SkipIndex[] {
  const expression = `lower(${quoteIdentifier(column)})`;
  const type = "text(tokenizer = 'splitByNonAlpha')";
  return [
    { name, expression, type, since },
    { ...wordIndex(name, column), before },
  ];
}

/** Bloom filters over a map's keys and over its values. */
export function mapBloomIndexes(name: string, mapColumn: string): SkipIndex[] {
  return (['Keys', 'Values'] as const).map((part) => ({
    name: `${name}_${part === 'Keys' ? 'key' : 'value'}`,
    expression: `map${part}(${quoteIdentifier(mapColumn)})`,
    type: 'bloom_filter(0.01)',
    granularity: 1,
  }));
}

/**
 * The column that shows a map as `key=value` texts; what HyperDX's search on attributes reads where it can. HyperDX
 * recognises it by this expression as the server prints it, so its form is part of the contract.
 */
export function itemsColumn(mapColumn: string): Column {
  const pairs = `${quoteIdentifier(mapColumn)}::Array(Tuple(String, String))`;
  return {
    name: itemsName(mapColumn),
    type: 'Array(String)',
    computed: {
      kind: 'ALIAS',
      expression: `arrayMap(pair -> concat(pair.1, '=', pair.2), ${pairs})`,
    },
    since,
  };
}

/** Inverted indexes over a map's keys and its items; before text indexes, bloom filters over keys and values. */
export function mapTextIndexes(name: string, mapColumn: string): SkipIndex[] {
  return [
    {
      name: `${name}_key`,
      expression: `mapKeys(${quoteIdentifier(mapColumn)})`,
      type: TEXT_ARRAY,
      since,
    },
    {
      name: `${name}_items`,
      expression: quoteIdentifier(itemsName(mapColumn)),
      type: TEXT_ARRAY,
      since,
    },
    ...mapBloomIndexes(name, mapColumn).map((index) => ({ ...index, before })),
  ];
}

/** `ResourceAttributes` -> `ResourceAttributeItems`: the names are HyperDX's. */
function itemsName(mapColumn: string): string {
  return `${mapColumn.replace(/s$/, '')}Items`;
}
