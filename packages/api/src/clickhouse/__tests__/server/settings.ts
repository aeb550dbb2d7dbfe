import { codes } from './server';

/** By which codes ClickHouse refuses a setting: readonly mode, `allow_ddl`, a constraint. */
export const settingRefusals: number[] = [codes.readonly, codes.prohibited, codes.constraint];

/** What HyperDX 2.36 was seen to send with its queries, but for `readonly`. Written by hand. */
export const sentByHyperdx: [string, string | number][] = [
  ['allow_experimental_analyzer', 1],
  ['date_time_output_format', 'iso'],
  ['cancel_http_readonly_queries_on_client_close', 1],
  ['output_format_json_quote_64bit_integers', 1],
  ['query_plan_optimize_lazy_materialization', 1],
  ['query_plan_max_limit_for_lazy_materialization', 100_000],
  ['use_skip_indexes_for_top_k', 1],
  ['query_plan_max_limit_for_top_k_optimization', 100_000],
  ['use_skip_indexes_on_data_read', 1],
  ['use_skip_indexes_for_disjunctions', 1],
  ['enable_full_text_index', 1],
  ['max_execution_time', 60],
  ['max_execution_time', 15],
  ['timeout_overflow_mode', 'break'],
  ['max_rows_to_read', 0],
  ['max_rows_to_read', 3_000_000],
  ['read_overflow_mode', 'break'],
  ['join_algorithm', 'auto'],
];

/** Values outside their range: 0 is "no limit" to ClickHouse. */
export const outOfRange: [string, number][] = [
  ['max_execution_time', 0],
  ['max_execution_time', 61],
  ['max_memory_usage', 0],
  ['max_memory_usage_for_user', 0],
  ['max_rows_to_read_leaf', 0],
  ['max_bytes_to_read', 0],
  ['max_result_rows', 0],
  ['max_result_rows', 1_000_001],
  ['max_result_bytes', 0],
  ['max_concurrent_queries_for_user', 0],
  ['allow_experimental_analyzer', 0],
  ['enable_analyzer', 0],
];

/** Settings that no query of a tenant may touch. */
export const forbidden: [string, string | number][] = [
  ['readonly', 0],
  ['use_query_cache', 1],
  ['allow_ddl', 1],
  ['allow_introspection_functions', 1],
  ['max_threads', 3],
  ['max_block_size', 7],
  ['log_queries', 0],
  ['priority', 5],
  ['max_execution_speed', 7],
  ['additional_result_filter', '1'],
  ['result_overflow_mode', 'break'],
  ['read_overflow_mode_leaf', 'break'],
];
