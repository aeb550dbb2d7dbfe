import type { ReaderLimits, WriterLimits } from './limits';

/**
 * One setting of a tenant's profile. `changeable` ones are the allow-list: a query may set them, within `min` and
 * `max` where those are stated. `const` ones hold their value whatever a query says.
 */
export interface SettingRule {
  name: string;
  access: 'changeable' | 'const';
  /** What holds where a query says nothing; without it the server's own default. */
  value?: string | number;
  min?: number;
  max?: number;
  /** Why a query may change it, or must not. */
  why: string;
  /** Exists from some release on: stated only where the server lists it, as HyperDX sends it only there. */
  optional?: true;
}

/** What `system.settings` of a target lists. */
export interface ServerSetting {
  name: string;
  /** The setting that this name stands for; blank where it is one itself. */
  aliasFor: string;
}

const flag = { access: 'changeable', min: 0, max: 1 } as const;
const must = { access: 'changeable', value: 1, min: 1, max: 1 } as const;
const sent = 'HyperDX sends it with every query';
const sentIfListed = 'HyperDX sends it where system.settings lists it';

/** Sent by HyperDX 2.36 and no limit of ours. */
const askedFor: readonly SettingRule[] = [
  { name: 'allow_experimental_analyzer', ...must, why: `${sent}, always 1` },
  {
    name: 'cancel_http_readonly_queries_on_client_close',
    ...must,
    why: `${sent}, always 1; 0 would leave the queries of closed pages running`,
  },
  { name: 'date_time_output_format', access: 'changeable', why: `${sent} (iso)` },
  { name: 'output_format_json_quote_64bit_integers', ...flag, why: sent },
  { name: 'query_plan_optimize_lazy_materialization', ...flag, why: sentIfListed, optional: true },
  {
    name: 'query_plan_max_limit_for_lazy_materialization',
    access: 'changeable',
    min: 1,
    max: 100_000,
    why: `${sentIfListed} (100000)`,
    optional: true,
  },
  { name: 'use_skip_indexes_for_top_k', ...flag, why: sentIfListed, optional: true },
  {
    name: 'query_plan_max_limit_for_top_k_optimization',
    access: 'changeable',
    min: 1,
    max: 100_000,
    why: `${sentIfListed} (100000)`,
    optional: true,
  },
  { name: 'use_skip_indexes_on_data_read', ...flag, why: sentIfListed, optional: true },
  { name: 'use_skip_indexes_for_disjunctions', ...flag, why: sentIfListed, optional: true },
  { name: 'enable_full_text_index', ...flag, why: sentIfListed, optional: true },
  {
    name: 'allow_calculating_subcolumns_sizes_for_merge_tree_reading',
    ...flag,
    why: 'HyperDX releases after 2.36 send 0 where system.settings lists it',
    optional: true,
  },
  {
    name: 'max_rows_to_read',
    access: 'changeable',
    // No range: HyperDX sends 0 on purpose. What a query may read is max_rows_to_read_leaf, which it never sends.
    why: 'HyperDX sends 3000000 for samples, and 0 where its user asks for all values',
  },
  {
    name: 'read_overflow_mode',
    access: 'changeable',
    why: 'HyperDX sends break beside max_rows_to_read; no limit of ours follows it',
  },
  {
    name: 'timeout_overflow_mode',
    access: 'changeable',
    why: 'HyperDX sends break beside max_execution_time=15; a query ends either way',
  },
  {
    name: 'enable_http_compression',
    ...flag,
    why: 'the query door asks for it in the name of clients that take compressed answers',
  },
  { name: 'join_algorithm', access: 'changeable', why: 'HyperDX sends auto for metrics' },
];

/** Values that no query changes. Under `readonly = 1` nothing else can be changed either. */
const pinned: readonly SettingRule[] = [
  {
    name: 'use_query_cache',
    access: 'const',
    value: 0,
    why: 'cached answers have outlived the rights they were computed with (CVE-2024-22412)',
  },
  { name: 'allow_ddl', access: 'const', value: 0, why: 'no statement that defines anything' },
  {
    name: 'allow_introspection_functions',
    access: 'const',
    value: 0,
    why: 'they read the memory of the server',
  },
  {
    name: 'read_overflow_mode_leaf',
    access: 'const',
    value: 'throw',
    why: 'what max_rows_to_read_leaf cuts off must not look like an answer',
  },
  {
    name: 'result_overflow_mode',
    access: 'const',
    value: 'throw',
    why: 'what max_result_rows cuts off must not look like an answer',
  },
];

/** A limit holds its full value, and a query may ask for less: never for 0, which is "no limit". */
function limit(name: string, max: number, why: string): SettingRule {
  return { name, access: 'changeable', value: max, min: 1, max, why };
}

/** The profile of a reader. `readonly` is the renderer's: it decides how the rest is closed. */
export function readerSettings(limits: ReaderLimits): SettingRule[] {
  return [
    ...pinned,
    limit('max_execution_time', limits.maxExecutionSeconds, 'HyperDX sends 60, and 15 for samples'),
    limit('max_memory_usage', limits.maxMemoryBytes, 'one query must not starve other tenants'),
    limit('max_memory_usage_for_user', limits.maxUserMemoryBytes, 'nor many small ones'),
    limit('max_rows_to_read_leaf', limits.maxRowsToRead, 'rows read by one query on one server'),
    limit('max_bytes_to_read', limits.maxBytesToRead, 'bytes read by one query'),
    limit('max_result_rows', limits.maxResultRows, 'answers are held by HyperDX and the browser'),
    limit('max_result_bytes', limits.maxResultBytes, 'rows may be of any width'),
    limit('max_concurrent_queries_for_user', limits.maxConcurrentQueries, 'a fair share of slots'),
    ...askedFor,
  ];
}

/**
 * The profile of a writer. It inserts, so `readonly` is 0 and what is not listed may be set by whoever inserts; its
 * grants let it read nothing.
 */
export function writerSettings(limits: WriterLimits): SettingRule[] {
  return [
    { name: 'use_query_cache', access: 'const', value: 0, why: 'as for readers' },
    { name: 'allow_ddl', access: 'const', value: 0, why: 'as for readers' },
    { name: 'allow_introspection_functions', access: 'const', value: 0, why: 'as for readers' },
    {
      name: 'wait_for_async_insert',
      ...must,
      why: 'the exporter may insert asynchronously, but what is acknowledged must be stored',
    },
    {
      name: 'materialized_views_ignore_errors',
      access: 'const',
      value: 0,
      why: 'a rollup must not fall behind its table in silence',
    },
    limit('max_execution_time', limits.maxExecutionSeconds, 'an insert that hangs blocks a queue'),
    limit('max_memory_usage', limits.maxMemoryBytes, 'one insert must not starve other tenants'),
    limit('max_concurrent_queries_for_user', limits.maxConcurrentQueries, 'a fair share of slots'),
    limit(
      'max_partitions_per_insert_block',
      limits.maxPartitionsPerInsert,
      'each partition is a part: too many parts stop inserts',
    ),
  ];
}

/** Leaves out what the server does not know: one unknown name would refuse the whole profile. */
export function knownRules(
  rules: readonly SettingRule[],
  server: readonly ServerSetting[],
): SettingRule[] {
  const listed = new Set(server.map(({ name }) => name));
  return rules.filter(({ name, optional }) => !optional || listed.has(name));
}

/** Every name that `rules` speak of, an alias and what it stands for alike. */
export function spokenOf(
  rules: readonly SettingRule[],
  server: readonly ServerSetting[],
): Set<string> {
  const names = new Set(rules.map(({ name }) => name));
  for (const { name, aliasFor } of server) {
    if (aliasFor !== '' && (names.has(name) || names.has(aliasFor))) {
      names.add(name).add(aliasFor);
    }
  }
  return names;
}
