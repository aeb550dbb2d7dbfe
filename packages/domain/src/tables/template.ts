import type { BaseName } from './names';
import { quoteIdentifier, quoteLiteral } from './quote';
import type { ClickHouseVersion } from './version';

/** What a retention is set for; a rollup follows its base table's. */
export type Signal = 'logs' | 'traces' | 'sessions' | 'metrics';

/** Something that exists in some releases of ClickHouse only. */
interface Versioned {
  /** From this release on. */
  since?: ClickHouseVersion;
  /** Up to, and without, this release. */
  before?: ClickHouseVersion;
}

export interface Column extends Versioned {
  name: string;
  /** As `DESCRIBE` prints it, so that a check after creation is a comparison of texts. */
  type: string;
  /** `undefined`: the server's default codec. ALIAS columns have none. */
  codec?: string;
  /** A column that ClickHouse computes; the exporter never inserts it. */
  computed?: { kind: 'DEFAULT' | 'MATERIALIZED' | 'ALIAS'; expression: string };
  comment?: string;
}

export interface SkipIndex extends Versioned {
  name: string;
  expression: string;
  type: string;
  /** Granules per index block; `undefined`: the default of the index type. */
  granularity?: number;
}

export interface Setting extends Versioned {
  name: string;
  value: number;
}

export interface TableTemplate {
  kind: 'table';
  base: BaseName;
  signal: Signal;
  /** Without the `Replicated` prefix and its arguments, which are the target's matter. */
  engine: { name: 'MergeTree'; args?: undefined } | { name: 'SummingMergeTree'; args: string[] };
  columns: readonly Column[];
  indexes: readonly SkipIndex[];
  /** The column that partition and TTL are computed from. */
  timeColumn: string;
  orderBy: readonly string[];
  /** `undefined`: the same as `orderBy`. */
  primaryKey?: readonly string[];
  settings: readonly Setting[];
}

export interface ViewTemplate {
  kind: 'view';
  base: BaseName;
  signal: Signal;
  from: BaseName;
  to: BaseName;
  timeColumn: string;
  /** The columns of `from` whose values are counted, in 15 minute buckets. */
  keys: readonly string[];
}

export type Template = TableTemplate | ViewTemplate;

const MAP = 'Map(LowCardinality(String), String)';

/** A stored column; ZSTD(1) unless it says otherwise, as HyperDX has it for nearly all. */
export function column(name: string, type: string, codec = 'ZSTD(1)'): Column {
  return { name, type, codec };
}
export const string = (name: string): Column => column(name, 'String');
export const lowCardinality = (name: string): Column => column(name, 'LowCardinality(String)');
export const map = (name: string): Column => column(name, MAP);
export const mapArray = (name: string): Column => column(name, `Array(${MAP})`);
/** A column without a codec of its own. */
export const plain = (name: string, type: string): Column => ({ name, type });

/** A column computed when a row is inserted, and stored. */
export function materialized(
  name: string,
  type: string,
  expression: string,
  codec = 'ZSTD(1)',
): Column {
  return { name, type, codec, computed: { kind: 'MATERIALIZED', expression } };
}

/** The value of one key of a map column, `''` where the map lacks it. */
export function mapValue(mapColumn: string, key: string): string {
  return `${quoteIdentifier(mapColumn)}[${quoteLiteral(key)}]`;
}

/** `settings` of every base table. `materialize_ttl_recalculate_only` is older than the oldest supported release. */
export const commonSettings: readonly Setting[] = [
  { name: 'index_granularity', value: 8192 },
  { name: 'ttl_only_drop_parts', value: 1 },
  // Else a changed retention rewrites every part at once.
  { name: 'materialize_ttl_recalculate_only', value: 1 },
];
