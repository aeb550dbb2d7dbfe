import type { Shape } from './shape';
import { at, FROM, during, onLogs } from './shape';

const where: readonly (readonly [string, string])[] = [
  ['words', `hasAllTokens(lower(Body), 'own body')`],
  ['words, older', `hasToken(lower(Body), lower('own'))`],
  ['substring', `(lower(Body) LIKE lower('%own body%'))`],
  ['a phrase and a word', `(hasAllTokens(lower(Body), 'own') AND (lower(Body) LIKE '%own body%'))`],
  ['negation', `NOT (lower(Body) LIKE lower('%canary%'))`],
  [
    'a map key',
    `(\`LogAttributes\`['user'] = '3' AND indexHint(mapContains(\`LogAttributes\`, 'user')))`,
  ],
  ['a map item', `has(LogAttributeItems, concat('path', '=', '/own'))`],
  ['a resource attribute', `(ResourceAttributes['k8s.pod.name'] ILIKE '%pod%')`],
  ['a promoted attribute', "(`__hdx_materialized_k8s.pod.name` IN ('pod-1', 'pod-2'))"],
  ['numbers', `(toFloat64OrZero(LogAttributes['user']) > 1)`],
  ['existence', `notEmpty(ServiceName) = 1`],
  ['disjunction', `(SeverityText = 'error' OR TraceId = 'x' OR ServiceName ILIKE 'api')`],
  ['regular expression', `match(Body, 'own.*Number [0-9]+')`],
  ['rows of a page', `(ServiceName IN ('api', 'web')) AND (SeverityText IN ('error', 'info'))`],
];

export const search: readonly Shape[] = [
  ...where.map(([name, condition]): Shape => ({
    name: `search: ${name}`,
    sql: `SELECT Timestamp, ServiceName, SeverityText, Body, TraceId, toStartOfFiveMinutes(Timestamp), _block_number, _block_offset ${FROM}
        WHERE ${during} AND (${condition}) ORDER BY (toStartOfFiveMinutes(Timestamp), Timestamp) DESC LIMIT {limit:Int32} OFFSET {offset:Int32} FORMAT JSONCompactEachRowWithNamesAndTypes`,
    values: { ...onLogs, limit: '200', offset: '0' },
    settings: { max_execution_time: '60' },
    rows: /own body/,
  })),
  {
    name: 'one row',
    sql: `SELECT *, Body AS \`__hdx_body\`, Timestamp AS \`__hdx_timestamp\`, ResourceAttributes AS \`__hdx_resource_attributes\` ${FROM} WHERE Timestamp = parseDateTime64BestEffort('2098-05-06T07:00:00.000000000Z', 9) AND ServiceName = 'api' LIMIT 1 FORMAT JSON`,
    values: at,
    rows: /__hdx_body/,
  },
  {
    name: 'estimate of a search',
    sql: `EXPLAIN ESTIMATE SELECT Timestamp, Body ${FROM} WHERE ${during} AND hasAllTokens(lower(Body), 'own') ORDER BY Timestamp DESC LIMIT 200 FORMAT JSON`,
    values: onLogs,
    rows: /otel_logs/,
  },
  {
    name: 'rows around',
    sql: `SELECT Timestamp, Body ${FROM} WHERE Timestamp < toDateTime64('2098-05-06 07:10:00', 9) AND ResourceAttributes['service.name'] = 'api' ORDER BY Timestamp DESC LIMIT 5 FORMAT JSONCompactEachRowWithNamesAndTypes`,
    values: at,
    rows: /own/,
  },
  {
    name: 'patterns: a sample of rows',
    sql: `WITH tableStats AS (SELECT count() AS total ${FROM} WHERE ${during}) SELECT Body, SeverityText, (SELECT total FROM tableStats) AS n ${FROM} WHERE ${during} AND cityHash64(Timestamp, rand()) % greatest(toUInt32((SELECT total FROM tableStats) / 100), 1) = 0 ORDER BY rand() DESC LIMIT 100 FORMAT JSON`,
    values: onLogs,
    rows: /own/,
  },
];
