import { logBody, sourceBodies } from './bodies';
import { message } from './expect';
import type { Check } from './expect';
import { freshId } from './world';
import type { Side } from './world';

/** What is wrong with a source, and the field that is. */
export const wrongSources: [string, (side: Side) => object, string][] = [
  ['no kind', (side) => logBody(side, { kind: undefined }), 'kind'],
  ['an unknown kind', (side) => logBody(side, { kind: 'odd' }), 'kind'],
  ['no name', (side) => logBody(side, { name: undefined }), 'name'],
  ['no connection', (side) => logBody(side, { connection: undefined }), 'connection'],
  [
    'a connection that is an operator',
    (side) => logBody(side, { connection: { $ne: null } }),
    'connection',
  ],
  [
    'no timestamp',
    (side) => logBody(side, { timestampValueExpression: undefined }),
    'timestampValueExpression',
  ],
  [
    'eleven settings',
    (side) =>
      logBody(side, { querySettings: Array(11).fill({ setting: 'max_threads', value: '1' }) }),
    'querySettings',
  ],
];

/** Sources that are well formed and not this team's to have. */
export const foreignSources: [string, (side: Side) => object, number, Check][] = [
  [
    "another tenant's table",
    (side) =>
      logBody(side, {
        from: {
          ...(logBody(side)['from'] as object),
          tableName: `otel_logs_${side.theirs.tenant}`,
        },
      }),
    403,
    message(/from\.tableName/, 'foreign_table'),
  ],
  [
    "another tenant's roll-up",
    (side) =>
      logBody(side, {
        metadataMaterializedViews: {
          kvRollupTable: `x_${side.theirs.tenant}`,
          granularity: '15 minute',
        },
      }),
    403,
    message(/metadataMaterializedViews\.kvRollupTable/, 'foreign_table'),
  ],
  [
    "another tenant's metric table",
    (side) => ({
      ...sourceBodies['metric']!(side),
      metricTables: { gauge: `g_${side.theirs.tenant}` },
    }),
    403,
    message(/metricTables\.gauge/, 'foreign_table'),
  ],
  [
    "another tenant's view",
    (side) =>
      logBody(side, {
        materializedViews: [
          { databaseName: side.engines.clickhouse.database, tableName: `v_${side.theirs.tenant}` },
        ],
      }),
    403,
    message(/materializedViews\[0\]\.tableName/, 'foreign_table'),
  ],
  [
    "another tenant's table in a field that nobody knows",
    (side) => logBody(side, { laterTable: `otel_logs_${side.theirs.tenant}` }),
    403,
    message(/laterTable/, 'foreign_table'),
  ],
  [
    'another database',
    (side) => logBody(side, { from: { databaseName: 'system', tableName: 'tables' } }),
    403,
    message(/from\.databaseName/, 'foreign_table'),
  ],
  [
    "another team's connection",
    (side) => logBody(side, { connection: side.theirs.connection }),
    400,
    message(/^connection: /),
  ],
  [
    'a connection that is not there',
    (side) => logBody(side, { connection: freshId() }),
    400,
    message(/^connection: /),
  ],
  ...(['logSourceId', 'traceSourceId', 'sessionSourceId', 'metricSourceId'] as const).map(
    (field): [string, (side: Side) => object, number, Check] => [
      `another team's source as ${field}`,
      (side) => logBody(side, { [field]: side.theirs.sources.trace }),
      400,
      message(new RegExp(`^${field}: `)),
    ],
  ),
];
