import type { Probe } from '../probe';
import { a, database } from '../tenants';

const own = `SELECT count() FROM ${database}.otel_logs_${a}`;

const clause = (mechanism: string, assignment: string): Probe => ({
  mechanism: `setting: ${mechanism}`,
  sql: `${own} SETTINGS ${assignment}`,
  expect: 'denied',
  as: 'reader',
  control: { shows: 'success' },
});

/** Settings that a reader must not have; for an operator each is as good as any. */
const lifted: readonly Probe[] = [
  clause('readonly off', 'readonly = 0'),
  clause('DDL', 'allow_ddl = 1'),
  clause('introspection', 'allow_introspection_functions = 1'),
  clause('query cache', 'use_query_cache = 1'),
  clause('filters of other tables', `additional_table_filters = {'system.tables': '1'}`),
  clause('filter of results', `additional_result_filter = '1'`),
  clause('time without limit', 'max_execution_time = 0'),
  clause('time above the limit', 'max_execution_time = 86400'),
  clause('rows read without limit', 'max_rows_to_read_leaf = 0'),
  clause('bytes read without limit', 'max_bytes_to_read = 0'),
  clause('result rows without limit', 'max_result_rows = 0'),
  clause('result bytes without limit', 'max_result_bytes = 0'),
  clause('memory without limit', 'max_memory_usage = 0'),
  clause('memory of the user without limit', 'max_memory_usage_for_user = 0'),
  clause('queries without limit', 'max_concurrent_queries_for_user = 0'),
  clause('partial results in place of errors', `result_overflow_mode = 'break'`),
  clause('partial reads in place of errors', `read_overflow_mode_leaf = 'break'`),
  clause('the other analyzer', 'allow_experimental_analyzer = 0'),
  clause('the other analyzer by its other name', 'enable_analyzer = 0'),
  clause('queries that outlive their reader', 'cancel_http_readonly_queries_on_client_close = 0'),
  clause('threads', 'max_threads = 64'),
  clause('logs of the server', `send_logs_level = 'trace'`),
  clause('no line in the query log', 'log_queries = 0'),
  clause('experimental features', 'allow_experimental_time_series_table = 1'),
  clause('parser depth', 'max_parser_depth = 0'),
  clause('memory by spilling', 'max_bytes_before_external_sort = 1'),
];

export const settings: readonly Probe[] = [
  ...lifted,
  {
    mechanism: 'setting: SET',
    sql: 'SET max_threads = 64',
    expect: 'denied',
    as: 'reader',
    control: { shows: 'success' },
  },
  {
    mechanism: 'setting: in the URL',
    sql: own,
    parameters: { max_execution_time: '0' },
    expect: 'denied',
    as: 'reader',
    control: { shows: 'success' },
  },
  {
    mechanism: 'setting of a writer: acknowledged and not stored',
    sql: `INSERT INTO ${database}.otel_logs_${a} (Body) SETTINGS async_insert = 1, wait_for_async_insert = 0 VALUES ('x')`,
    expect: 'denied',
    as: 'writer',
    control: { shows: 'success' },
  },
  {
    mechanism: 'setting of a writer: partitions without limit',
    sql: `INSERT INTO ${database}.otel_logs_${a} (Body) SETTINGS max_partitions_per_insert_block = 0 VALUES ('x')`,
    expect: 'denied',
    as: 'writer',
    control: { shows: 'success' },
  },
];
