import { a, b, database } from '../../../../clickhouse/__tests__/isolation/tenants';
import type { Attack, Control } from '../attack';
import { acmeMay, globexSees, operatorMay, operatorReads, operatorSees } from '../controls';
import type { Said } from '../entrances';

const theirs = `SELECT Body FROM ${database}.otel_logs_${b} LIMIT 1`;
const own = `SELECT count() FROM ${database}.otel_logs_${a}`;
const names = 'SELECT name FROM system.tables';

const attack = (
  mechanism: string,
  said: Said | readonly Said[],
  control: Control,
  refused = true,
): Attack => ({
  mechanism: `parameter: ${mechanism}`,
  sends: (at) => [said].flat().map((one) => at.request(one)),
  ...(refused && { refused: true as const }),
  control,
});

/** A setting in the URL that nobody but the administrator may set, beside a harmless statement. */
const setting = (name: string, value: string, more: Said = {}): Attack =>
  attack(
    `the setting ${name}`,
    { sql: own, query: [[name, value]], ...more },
    operatorMay('SELECT 1', { [name]: value }),
  );

const settings: readonly Attack[] = (
  [
    ['additional_table_filters', "{'system.tables': '1'}"],
    ['additional_result_filter', '1'],
    ['use_query_cache', '1'],
    ['allow_ddl', '1'],
    ['allow_introspection_functions', '1'],
    ['max_execution_time', '0'],
    ['max_rows_to_read_leaf', '0'],
    ['max_result_rows', '0'],
    ['max_memory_usage', '0'],
    ['result_overflow_mode', 'break'],
    ['max_threads', '64'],
    ['enable_analyzer', '0'],
    ['allow_experimental_analyzer', '0'],
    ['cancel_http_readonly_queries_on_client_close', '0'],
    ['send_logs_level', 'trace'],
    ['log_queries', '0'],
    ['max_parser_depth', '0'],
    ['format_schema', 'x'],
    ['format_template_row', '/etc/passwd'],
    ['format_template_resultset', '/etc/passwd'],
    ['http_response_headers', "{'Set-Cookie': 'x=y'}"],
    ['http_make_head_request', '0'],
    ['replace_running_query', '1'],
    ['dialect', 'clickhouse'],
    ['implicit_select', '1'],
    ['default_table_engine', 'Memory'],
    ['limit', '5'],
    ['offset', '1'],
    ['show_table_uuid_in_table_create_query_if_not_nil', '1'],
    ['format_display_secrets_in_show_and_select', '1'],
    ['query_cache_share_between_users', '1'],
    ['parallel_replicas_custom_key', '1'],
    ['cluster_for_parallel_replicas', 'itself'],
    ['output_format_json_array_of_rows', '1'],
    ['external_table_functions_use_nulls', '0'],
    ['ast_fuzzer_runs', '1'],
  ] as const
).map(([name, value]) => setting(name, value));

/** Whose request it is, is not for its parameters to say. */
const identity: readonly Attack[] = [
  {
    mechanism: 'parameter: user and password of Globex, beside the own login',
    sends: (at, { globex }) => [
      at.request({
        sql: theirs,
        query: [
          ['user', globex.username],
          ['password', globex.password],
        ],
      }),
    ],
    refused: true,
    control: globexSees({ sql: theirs }),
  },
  {
    mechanism: 'parameter: user of Globex alone',
    sends: (at, { globex }) => [at.request({ sql: theirs, query: [['user', globex.username]] })],
    refused: true,
    control: globexSees({ sql: theirs }),
  },
  {
    mechanism: 'parameter: user and password of the administrator',
    sends: (at, { clickhouse }) => [
      at.request({
        sql: theirs,
        query: [
          ['user', clickhouse.user],
          ['password', clickhouse.password],
        ],
      }),
    ],
    refused: true,
    control: operatorSees(theirs),
  },
  {
    mechanism: 'parameter: user in other spellings',
    sends: (at, { globex }) =>
      ['USER', 'user[]', 'user%00', '%75ser', 'user.', 'http_user', ' user'].map((name) =>
        at.request({
          sql: theirs,
          rawQuery: `${encodeURI(name)}=${globex.username}&password=${globex.password}`,
        }),
      ),
    refused: true,
    control: globexSees({ sql: theirs }),
  },
  ...(
    [
      ['role', 'admin'],
      ['profile', 'default'],
      ['session_id', 'shared'],
      ['session_check', '1'],
      ['session_timeout', '3600'],
      ['close_session', '1'],
    ] as const
  ).map(([name, value]) =>
    attack(name, { sql: own, query: [[name, value]] }, acmeMay({ sql: own })),
  ),
  ...(
    [
      ['quota_key', `hdx_r_${b}`],
      ['stacktrace', '1'],
      ['readonly', '0'],
      ['log_comment', 'x'],
    ] as const
  ).map(([name, value]) =>
    attack(
      `${name}, beside what is Globex’s`,
      { sql: theirs, query: [[name, value]] },
      operatorSees(theirs),
    ),
  ),
];

const databases: readonly Attack[] = [
  ...['system', 'other', 'default', 'information_schema', '', 'OTEL', '`otel`', 'otel\\0'].map(
    (name) =>
      attack(
        `the database "${name}"`,
        [
          { sql: 'SELECT name FROM tables', query: [['database', name]] },
          { sql: 'SELECT s FROM operators', query: [['database', name]] },
        ],
        name === 'other'
          ? operatorSees('SELECT s FROM operators', { database: 'other' })
          : operatorSees('SELECT name FROM tables', { database: 'system' }),
      ),
  ),
  attack(
    'the own database, and a name without one',
    { sql: `SELECT Body FROM otel_logs_${b} LIMIT 1`, query: [['database', database]] },
    operatorSees(`SELECT Body FROM otel_logs_${b} LIMIT 1`),
  ),
  attack(
    'two databases',
    { sql: 'SELECT name FROM tables', rawQuery: `database=${database}&database=system` },
    operatorSees('SELECT name FROM tables', { database: 'system' }),
  ),
];

/** Names given twice, in lists, in other encodings: two readers might take one each. */
const spellings: readonly Attack[] = [
  attack(
    'two statements',
    { rawQuery: `query=SELECT+1&query=${encodeURIComponent(theirs)}` },
    operatorSees(theirs),
  ),
  attack(
    'lists of statements',
    [
      { rawQuery: `query[]=SELECT+1&query[]=${encodeURIComponent(theirs)}` },
      { rawQuery: `query%5B0%5D=${encodeURIComponent(theirs)}` },
    ],
    operatorSees(theirs),
  ),
  attack(
    'a statement with blanks as +',
    { rawQuery: `query=${encodeURIComponent(theirs).replaceAll('%20', '+')}` },
    operatorSees(theirs),
  ),
  attack(
    'a statement encoded twice',
    { rawQuery: `query=${encodeURIComponent(encodeURIComponent(theirs))}` },
    operatorSees(theirs),
  ),
  attack(
    'a statement encoded to the last letter',
    {
      rawQuery: `query=${Array.from(theirs, (char) => `%${char.charCodeAt(0).toString(16).padStart(2, '0')}`).join('')}`,
    },
    operatorSees(theirs),
    // Its names cannot be this site's.
    false,
  ),
  attack(
    'bytes that are no UTF-8',
    { rawQuery: `query=${encodeURIComponent(theirs)}%ff%fe` },
    operatorSees(theirs),
  ),
  attack(
    'a cut escape',
    { rawQuery: `query=${encodeURIComponent(theirs)}%2` },
    operatorSees(theirs),
  ),
  attack(
    'another separator',
    { rawQuery: `query=SELECT+1;query=${encodeURIComponent(theirs)}` },
    operatorSees(theirs),
  ),
  attack(
    'a second question mark',
    { rawQuery: `x=1?query=${encodeURIComponent(theirs)}` },
    operatorSees(theirs),
  ),
  attack(
    'names of prototypes',
    [
      '__proto__',
      'constructor',
      'prototype',
      'toString',
      'hasOwnProperty',
      '__proto__[readonly]',
    ].map((name) => ({ sql: names, query: [[name, '0']] as const })),
    operatorSees(names),
  ),
  attack(
    'more of them than anybody sends',
    { sql: own, rawQuery: Array.from({ length: 5_000 }, (_, n) => `x${n}=1`).join('&') },
    acmeMay({ sql: own }),
  ),
  attack(
    'a setting given twice',
    { sql: own, rawQuery: 'max_execution_time=60&max_execution_time=0' },
    operatorMay('SELECT 1', { max_execution_time: '0' }),
  ),
  attack(
    'a setting in another case',
    { sql: own, query: [['ADDITIONAL_TABLE_FILTERS', '{}']] },
    operatorMay(own, { additional_table_filters: '{}' }),
  ),
  attack(
    'a setting with a NUL behind',
    { sql: own, rawQuery: 'max_execution_time%00=0&readonly%00=0' },
    operatorMay(own, { max_execution_time: '0' }),
  ),
  attack(
    'a number that is not plain',
    ['-1', '1e9', '0x0', ' 0', '٦٠', 'inf', 'nan', "0' OR '1", '60\n0'].map((value) => ({
      sql: own,
      query: [['max_execution_time', value]] as const,
    })),
    operatorMay(own, { max_execution_time: '1e9' }),
  ),
  attack(
    'a text in a word',
    ["iso', readonly = 0 --", 'iso&readonly=0', 'iso\nreadonly'].map((value) => ({
      sql: own,
      query: [['date_time_output_format', value]] as const,
    })),
    acmeMay({ sql: own, query: [['date_time_output_format', 'iso']] }),
  ),
];

const outputs: readonly Attack[] = [
  attack(
    'formats that are none',
    ['JSON; DROP', "JSON'", '../x', 'JSON SETTINGS readonly=0', 'JSON\r\nX-A: b'].map((format) => ({
      sql: own,
      query: [['default_format', format]] as const,
    })),
    acmeMay({ sql: own, query: [['default_format', 'JSON']] }),
  ),
  attack(
    'a format that reads a file',
    [
      { sql: `${own} FORMAT Template SETTINGS format_template_row = '/etc/passwd'` },
      {
        sql: `${own} FORMAT Template`,
        query: [['format_template_resultset', '/etc/passwd']],
      },
    ],
    operatorReads(
      "SELECT 1 FORMAT Template SETTINGS format_template_resultset = '/etc/passwd', format_template_row_format = ''",
      /root:|Template/,
    ),
  ),
  attack(
    'compression that hides what is said',
    ['compress', 'decompress'].map((name) => ({ sql: theirs, query: [[name, '1']] as const })),
    operatorSees(theirs),
  ),
  attack(
    'errors behind the answer',
    [
      { sql: theirs, query: [['wait_end_of_query', '1']] },
      {
        sql: theirs,
        query: [
          ['buffer_size', '1'],
          ['http_wait_end_of_query', '0'],
        ],
      },
      { sql: theirs, query: [['http_write_exception_in_output_format', '1']] },
    ],
    operatorSees(theirs),
  ),
];

export const parameters: readonly Attack[] = [
  ...settings,
  ...identity,
  ...databases,
  ...spellings,
  ...outputs,
];
