import type { Probe } from '../probe';
import { b, database } from '../tenants';

const logsB = `${database}.otel_logs_${b}`;

/** Tables of `system` that show a tenant its own objects alone, or nothing; an operator sees B's in each. */
const filteredTables = [
  'columns',
  'completions',
  'constraints',
  'data_skipping_indices',
  'detached_parts',
  'dictionaries',
  'mutations',
  'parts',
  'parts_columns',
  'projections',
  'projection_parts',
  'projection_parts_columns',
  'tables',
  'view_refreshes',
];

/** Those that are refused. */
const refusedTables = [
  'users',
  'grants',
  'settings_profiles',
  'settings_profile_elements',
  'quotas',
];

const shown = (mechanism: string, sql: string): Probe => ({
  mechanism,
  sql,
  expect: 'nothing',
  control: { shows: 'canary' },
});
const refused = (mechanism: string, sql: string): Probe => ({
  ...shown(mechanism, sql),
  expect: 'denied',
});
const refusedPlainly = (mechanism: string, sql: string): Probe => ({
  ...refused(mechanism, sql),
  control: { shows: 'success' },
});

const systemTables: readonly Probe[] = [
  ...filteredTables.map((table) => shown(`system.${table}`, `SELECT * FROM system.${table}`)),
  ...refusedTables.map((table) => refused(`system.${table}`, `SELECT * FROM system.${table}`)),
  refusedPlainly('system.roles', 'SELECT * FROM system.roles'),
  refusedPlainly('system.row_policies', 'SELECT * FROM system.row_policies'),
  refusedPlainly('system.masking_policies', 'SELECT * FROM system.masking_policies'),
  refusedPlainly('system.role_grants', 'SELECT * FROM system.role_grants'),
  refusedPlainly('system.quotas_usage', 'SELECT * FROM system.quotas_usage'),
  refusedPlainly('DESCRIBE of a system table', 'DESCRIBE system.users'),
  shown('system.tables: comment', `SELECT comment FROM system.tables WHERE comment != ''`),
  shown(
    'system.tables: definition',
    `SELECT create_table_query FROM system.tables WHERE engine LIKE '%View'`,
  ),
  shown(
    'system.tables: total_rows',
    `SELECT sum(total_rows) FROM system.tables WHERE match(name, '^otel_logs_[0-9a-f]+$')`,
  ),
  shown(
    'system.columns: comment',
    `SELECT comment FROM system.columns WHERE comment LIKE '%column%'`,
  ),
  shown('system.parts: rows', `SELECT max(rows) FROM system.parts`),
  shown('information_schema.tables', 'SELECT * FROM information_schema.tables'),
  shown('information_schema.columns', 'SELECT * FROM information_schema.columns'),
  shown('information_schema.views', 'SELECT * FROM information_schema.views'),
  shown('information_schema.key_column_usage', 'SELECT * FROM information_schema.key_column_usage'),
  shown('system tables through merge()', `SELECT * FROM merge('system', '^tables$')`),
  shown('system tables through view()', `SELECT * FROM view(SELECT name FROM system.columns)`),
];

const shows: readonly Probe[] = [
  shown('SHOW TABLES', `SHOW TABLES FROM ${database}`),
  shown('SHOW FULL TABLES', `SHOW FULL TABLES FROM ${database}`),
  shown('SHOW TABLES LIKE', `SHOW TABLES FROM ${database} LIKE '%nary%'`),
  shown('SHOW DICTIONARIES', `SHOW DICTIONARIES FROM ${database}`),
  shown('SHOW COLUMNS', `SHOW COLUMNS FROM ${logsB}`),
  shown('SHOW FULL COLUMNS', `SHOW FULL COLUMNS FROM ${logsB}`),
  shown('SHOW INDEX', `SHOW INDEX FROM ${database}.rich_${b}`),
  refused('SHOW CREATE TABLE', `SHOW CREATE TABLE ${logsB}`),
  refused('SHOW CREATE VIEW', `SHOW CREATE VIEW ${database}.view_${b}`),
  refusedPlainly(
    'SHOW CREATE of a materialized view',
    `SHOW CREATE ${database}.otel_logs_kv_rollup_15m_mv_${b}`,
  ),
  refusedPlainly('SHOW CREATE DICTIONARY', `SHOW CREATE DICTIONARY ${database}.dictionary_${b}`),
  refused('SHOW USERS', 'SHOW USERS'),
  refused('SHOW ACCESS', 'SHOW ACCESS'),
  refused('SHOW PROFILES', 'SHOW PROFILES'),
  refused('SHOW QUOTAS', 'SHOW QUOTAS'),
  refusedPlainly('SHOW ROLES', 'SHOW ROLES'),
  refusedPlainly('SHOW POLICIES', 'SHOW POLICIES'),
  refusedPlainly('SHOW CREATE USER', `SHOW CREATE USER hdx_r_${b}`),
  refusedPlainly('SHOW CREATE PROFILE', `SHOW CREATE PROFILE hdx_r_${b}`),
  refusedPlainly('SHOW GRANTS FOR', `SHOW GRANTS FOR hdx_r_${b}`),
  refused('DESCRIBE', `DESCRIBE ${logsB}`),
  refused('DESCRIBE of a subquery', `DESCRIBE (SELECT * FROM ${logsB})`),
  refused('DESCRIBE of view()', `DESCRIBE view(SELECT * FROM ${logsB})`),
  refusedPlainly('EXISTS TABLE', `EXISTS TABLE ${logsB}`),
  refusedPlainly('EXISTS VIEW', `EXISTS VIEW ${database}.view_${b}`),
  refusedPlainly('EXISTS DICTIONARY', `EXISTS DICTIONARY ${database}.dictionary_${b}`),
];

const explains: readonly Probe[] = [
  refused('EXPLAIN PLAN', `EXPLAIN PLAN SELECT * FROM ${logsB}`),
  refused('EXPLAIN with indexes', `EXPLAIN indexes = 1 SELECT * FROM ${logsB}`),
  refused('EXPLAIN with header', `EXPLAIN header = 1 SELECT * FROM ${logsB}`),
  refusedPlainly('EXPLAIN PIPELINE', `EXPLAIN PIPELINE SELECT * FROM ${logsB}`),
  refused('EXPLAIN ESTIMATE', `EXPLAIN ESTIMATE SELECT * FROM ${logsB}`),
  refused(
    'EXPLAIN of a scalar subquery',
    `EXPLAIN QUERY TREE SELECT (SELECT any(Body) FROM ${logsB})`,
  ),
  refusedPlainly(
    'EXPLAIN of an IN subquery',
    `EXPLAIN SELECT 1 FROM system.one WHERE '' IN (SELECT Body FROM ${logsB})`,
  ),
  shown(
    'EXPLAIN QUERY TREE of merge()',
    `EXPLAIN QUERY TREE SELECT * FROM merge('${database}', '^canary_tab')`,
  ),
];

export const catalog: readonly Probe[] = [...systemTables, ...shows, ...explains];
