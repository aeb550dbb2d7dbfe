import { a, b, canaries, database, nobody } from './tenants';

const logsA = `${database}.otel_logs_${a}`;
const logsB = `${database}.otel_logs_${b}`;

/**
 * What a reader gets in spite of its grants, on ClickHouse 26.7: each has to be stopped by the guard, in front of it.
 * A test fails when one of them is no longer so, and then it belongs among the probes.
 */
export interface Gap {
  mechanism: string;
  sql: string;
  parameters?: Record<string, string>;
  /** What is seen. */
  shows: RegExp;
  leak: string;
  /** What the guard does about it. */
  rule: string;
  /** `embedded`: a server stops it, by `select_from_system_db_requires_grant`, which the embedded engine does not read. */
  where: 'everywhere' | 'embedded';
}

const names = 'every table identifier is one of the tenant’s';
const explain =
  'EXPLAIN is ESTIMATE, PLAN or PIPELINE of an allowed SELECT; QUERY TREE and SYNTAX are refused';
const settings =
  'no SETTINGS clause but the last one of the whole text, with names from the allow-list';
const functions = 'functions are on an allow-list';
const systemTables = 'system tables are on an allow-list, which this one is not on';

export const gaps: readonly Gap[] = [
  {
    mechanism: 'EXPLAIN QUERY TREE of a table',
    sql: `EXPLAIN QUERY TREE SELECT * FROM ${logsB}`,
    shows: new RegExp(canaries.column),
    leak: 'names and types of all columns (ClickHouse#117979)',
    rule: explain,
    where: 'everywhere',
  },
  {
    mechanism: 'EXPLAIN QUERY TREE of a view',
    sql: `EXPLAIN QUERY TREE SELECT * FROM ${database}.view_${b}`,
    shows: /column_name: s, result_type: String/,
    leak: 'names and types of all columns',
    rule: explain,
    where: 'everywhere',
  },
  {
    mechanism: 'EXPLAIN SYNTAX with passes',
    sql: `EXPLAIN SYNTAX run_query_tree_passes = 1 SELECT * FROM ${logsB}`,
    shows: new RegExp(canaries.column),
    leak: 'names of all columns',
    rule: explain,
    where: 'everywhere',
  },
  {
    mechanism: 'hint of an error: a column',
    sql: `SELECT canary_column_of_x FROM ${logsB}`,
    shows: new RegExp(`Maybe you meant: \\['${canaries.column}'\\]`),
    leak: 'a column whose name is nearly guessed',
    rule: names,
    where: 'everywhere',
  },
  {
    mechanism: 'error before the check: a column that is not there',
    sql: `SELECT no_such_column FROM ${logsB}`,
    shows: /UNKNOWN_IDENTIFIER/,
    leak: 'whether a column is there: else the answer is ACCESS_DENIED',
    rule: names,
    where: 'everywhere',
  },
  {
    mechanism: 'error before the check: the type of a column',
    sql: `SELECT Body + 1 FROM ${logsB}`,
    shows: /Illegal types String and UInt8/,
    leak: 'the type of a column',
    rule: names,
    where: 'everywhere',
  },
  {
    mechanism: 'error before the check: the engine of a table',
    sql: `SELECT Body FROM ${logsB} FINAL`,
    shows: /Storage MergeTree doesn't support FINAL/,
    leak: 'the engine, and that the table is there',
    rule: names,
    where: 'everywhere',
  },
  {
    mechanism: 'error before the check: a projection',
    sql: `SELECT * FROM mergeTreeProjection(${database}, otel_logs_${b}, p)`,
    shows: /NO_SUCH_PROJECTION_IN_TABLE/,
    leak: 'whether a projection is there',
    rule: 'mergeTreeProjection is not on the list of table functions',
    where: 'everywhere',
  },
  {
    mechanism: 'IN a table of the engine Set',
    sql: `SELECT number FROM numbers(3) WHERE number IN ${database}.set_${b}`,
    shows: /^1$/m,
    leak: 'whether a value is in the set: no right is asked for',
    rule: names,
    where: 'everywhere',
  },
  {
    mechanism: 'call of a user-defined function',
    sql: `SELECT function_of_b('x')`,
    shows: new RegExp(canaries.codeInView),
    leak: 'functions belong to the whole server: no right is asked for',
    rule: functions,
    where: 'everywhere',
  },
  {
    mechanism: 'text of a user-defined function',
    sql: `SELECT create_query FROM system.functions WHERE origin = 'SQLUserDefined'`,
    shows: new RegExp(canaries.codeInView),
    leak: 'the text of every function',
    rule: systemTables,
    where: 'everywhere',
  },
  {
    mechanism: 'SHOW FUNCTIONS',
    sql: `SHOW FUNCTIONS LIKE 'function_of%'`,
    shows: new RegExp(canaries.codeInView),
    leak: 'the text of every function',
    rule: 'SHOW is of DATABASES and TABLES alone',
    where: 'everywhere',
  },
  {
    mechanism: 'the function file()',
    sql: `SELECT file('/etc/passwd')`,
    shows: /root:/,
    leak: 'files: any here, those of user_files on a server; no right is asked for',
    rule: functions,
    where: 'everywhere',
  },
  {
    mechanism: 'getServerSetting',
    sql: `SELECT getServerSetting('max_server_memory_usage_to_ram_ratio')`,
    shows: /^0\.\d/,
    leak: 'settings of the server',
    rule: functions,
    where: 'everywhere',
  },
  {
    mechanism: 'SETTINGS in a subquery: limits',
    sql: `SELECT * FROM (SELECT getSetting('max_execution_time') SETTINGS max_execution_time = 0)`,
    shows: /^0$/m,
    leak: 'limits are lifted: constraints and readonly are checked for the outermost SETTINGS alone',
    rule: settings,
    where: 'everywhere',
  },
  {
    mechanism: 'SETTINGS in a subquery: readonly',
    sql: `WITH x AS (SELECT getSetting('readonly') SETTINGS readonly = 0) SELECT * FROM x`,
    shows: /^0$/m,
    leak: 'so is readonly, for as far as the subquery goes: grants hold',
    rule: settings,
    where: 'everywhere',
  },
  {
    mechanism: 'SETTINGS in a subquery: filters',
    sql: `SELECT count() FROM (SELECT * FROM ${logsA} SETTINGS additional_table_filters = {'${logsA}': '0'})`,
    shows: /^0$/m,
    leak: 'filters that somebody else has set can be replaced',
    rule: settings,
    where: 'everywhere',
  },
  {
    mechanism: 'SETTINGS profile',
    sql: `SELECT currentProfiles() SETTINGS profile = 'hdx_r_${b}'`,
    shows: new RegExp(`hdx_r_${b}`),
    leak: 'whether a profile is there; it may be taken on, but its values only where one could set them',
    rule: `${settings}; the parameter profile is dropped`,
    where: 'everywhere',
  },
  {
    mechanism: 'system.asynchronous_loader',
    sql: 'SELECT * FROM system.asynchronous_loader',
    shows: new RegExp(canaries.table),
    leak: 'names of all tables',
    rule: systemTables,
    where: 'embedded',
  },
  {
    mechanism: 'system.background_schedule_pool',
    sql: 'SELECT * FROM system.background_schedule_pool',
    shows: new RegExp(b),
    leak: 'names of all tables',
    rule: systemTables,
    where: 'embedded',
  },
  {
    mechanism: 'system.dropped_tables',
    sql: 'SELECT * FROM system.dropped_tables',
    shows: new RegExp(`dropped_${b}`),
    leak: 'names of tables that were dropped of late',
    rule: systemTables,
    where: 'embedded',
  },
  {
    mechanism: 'system.metrics',
    sql: `SELECT value > 14 AS x FROM system.metrics WHERE metric = 'AttachedTable'`,
    shows: /^1$/m,
    leak: 'how many tables there are',
    rule: systemTables,
    where: 'embedded',
  },
];

/** A statement about a table by its name, and whether its answer tells if the table is there. */
export interface Naming {
  mechanism: string;
  of(table: string, tenantId: string): string;
  tells: boolean;
}

const quiet = (mechanism: string, of: Naming['of']): Naming => ({ mechanism, of, tells: false });
/** The guard's rule is one for all of these: a name that is not the tenant's is refused before ClickHouse is asked. */
const telling = (mechanism: string, of: Naming['of']): Naming => ({ mechanism, of, tells: true });

export const namings: readonly Naming[] = [
  quiet('DESCRIBE', (table) => `DESCRIBE ${table}`),
  quiet('SHOW CREATE', (table) => `SHOW CREATE TABLE ${table}`),
  quiet('SHOW COLUMNS', (table) => `SHOW COLUMNS FROM ${table}`),
  quiet('SHOW INDEX', (table) => `SHOW INDEX FROM ${table}`),
  quiet('EXISTS', (table) => `EXISTS TABLE ${table}`),
  quiet('EXPLAIN AST', (table) => `EXPLAIN AST SELECT * FROM ${table}`),
  quiet('loop', (table) => `SELECT * FROM loop(${table})`),
  quiet('remote', (_, id) => `SELECT * FROM remote('127.0.0.1', ${database}, otel_logs_${id})`),
  quiet('merge', (_, id) => `SELECT count() FROM merge('${database}', 'otel_logs_${id}')`),
  quiet(
    'hasColumnInTable',
    (_, id) => `SELECT hasColumnInTable('${database}', 'otel_logs_${id}', 'Body')`,
  ),
  quiet('system.tables', (_, id) => `SELECT * FROM system.tables WHERE name = 'otel_logs_${id}'`),
  quiet('system.parts', (_, id) => `SELECT * FROM system.parts WHERE table = 'otel_logs_${id}'`),
  telling('DROP', (table) => `DROP TABLE ${table}`),
  telling('TRUNCATE', (table) => `TRUNCATE TABLE ${table}`),
  quiet('RENAME', (table) => `RENAME TABLE ${table} TO ${database}.x`),
  quiet('OPTIMIZE', (table) => `OPTIMIZE TABLE ${table}`),
  telling('CHECK', (table) => `CHECK TABLE ${table}`),
  quiet('CREATE TABLE AS', (table) => `CREATE TABLE ${database}.x AS ${table}`),
  quiet('KILL MUTATION', (_, id) => `KILL MUTATION WHERE table = 'otel_logs_${id}'`),
  quiet('BACKUP', (table) => `BACKUP TABLE ${table} TO Null`),
  quiet('ALTER', (table) => `ALTER TABLE ${table} DROP COLUMN Body`),
  telling('INSERT', (table) => `INSERT INTO ${table} (Body) VALUES ('x')`),
  telling('SELECT', (table) => `SELECT Body FROM ${table}`),
  telling('EXPLAIN', (table) => `EXPLAIN SELECT Body FROM ${table}`),
  telling('EXPLAIN QUERY TREE', (table) => `EXPLAIN QUERY TREE SELECT Body FROM ${table}`),
  telling('view()', (table) => `SELECT * FROM view(SELECT Body FROM ${table})`),
  telling(
    'viewIfPermitted',
    (table) => `SELECT * FROM viewIfPermitted(SELECT Body FROM ${table} ELSE null('Body String'))`,
  ),
  telling(
    'mergeTreeIndex',
    (_, id) => `SELECT * FROM mergeTreeIndex(${database}, otel_logs_${id})`,
  ),
  telling(
    'mergeTreeTextIndex',
    (_, id) => `SELECT * FROM mergeTreeTextIndex(${database}, otel_logs_${id}, idx_lower_body)`,
  ),
  telling('joinGet', (_, id) => `SELECT joinGet('${database}.join_${id}', 's', toUInt64(1))`),
  telling('dictGet', (_, id) => `SELECT dictGet('${database}.dictionary_${id}', 's', toUInt64(1))`),
];

/** An answer without what the question itself put into it. */
export function withoutIds(body: string): string {
  return body.replaceAll(b, '<id>').replaceAll(nobody, '<id>');
}
