import { b, database, nobody } from '../../../clickhouse/__tests__/isolation/tenants';
import { namings } from '../../../clickhouse/__tests__/isolation/gaps';
import { errors } from '../guard/hostile';
import type { Control, Oracle } from './attack';
import type { Site } from './site';

const noTeam = 'f'.repeat(24);

/** An answer without what differs from one request to the next, and without the id that was asked for. */
export function sameText(site: Site, text: string): string {
  return text
    .replaceAll(site.globex.id, '<id>')
    .replaceAll(site.nobody, '<id>')
    .replaceAll(site.globex.teamId, '<team>')
    .replaceAll(site.globex.connectionId, '<team>')
    .replaceAll(noTeam, '<team>')
    .replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<uuid>')
    .replace(/^(date|x-clickhouse-exception-tag|x-request-id|set-cookie)\n.*$/gim, '$1')
    .replace(/"elapsed(?:_ns)?": ?"?[\d.]+"?/g, '<elapsed>');
}

/** The administrator is told the two apart. */
const tellsApart =
  (of: (id: string) => string): Control =>
  async (site) => {
    const [theirs, none] = [await site.operator.ask(of(b)), await site.operator.ask(of(nobody))];
    const differ =
      theirs.status !== none.status || sameText(site, theirs.body) !== sameText(site, none.body);
    return differ ? undefined : `is the same for both: ${theirs.body.slice(0, 200)}`;
  };

const oracle = (mechanism: string, of: (id: string) => string): Oracle => ({
  mechanism: `existence: ${mechanism}`,
  sends: (at, id) => at.request({ sql: of(id) }),
  control: tellsApart(of),
});

const logs = (id: string) => `${database}.otel_logs_${id}`;

/** That say the same of any table, there or not, also to an administrator. */
const blind = new Set(['EXPLAIN AST', 'KILL MUTATION', 'BACKUP']);
/** Whose answer about a table that is there never ends. */
const endless = 'loop';
/** That change something for an administrator: `INSERT`, `RENAME` and their like have attacks of their own. */
const changing = new Set([
  'ALTER',
  'CREATE TABLE AS',
  'DROP',
  'INSERT',
  'OPTIMIZE',
  'RENAME',
  'TRUNCATE',
]);

const more: readonly (readonly [mechanism: string, of: (id: string) => string])[] = [
  ['a column that is not there', (id) => `SELECT no_such_column FROM ${logs(id)}`],
  ['the type of a column', (id) => `SELECT Body + 1 FROM ${logs(id)}`],
  ['FINAL', (id) => `SELECT Body FROM ${logs(id)} FINAL`],
  ['SAMPLE', (id) => `SELECT Body FROM ${logs(id)} SAMPLE 0.1`],
  ['IN', (id) => `SELECT 1 IN ${database}.set_${id}`],
  [
    'a CTE of that name',
    (id) => `WITH otel_logs_${id} AS (SELECT 1 AS x) SELECT x FROM ${logs(id)}`,
  ],
  ['an alias', (id) => `SELECT t.Body FROM ${logs(id)} AS t LIMIT 1`],
  ['a join', (id) => `SELECT 1 FROM numbers(1) AS n CROSS JOIN ${logs(id)} LIMIT 1`],
  ['DESCRIBE of a subquery', (id) => `DESCRIBE (SELECT * FROM ${logs(id)})`],
  ['EXPLAIN ESTIMATE', (id) => `EXPLAIN ESTIMATE SELECT * FROM ${logs(id)}`],
  ['SHOW TABLES LIKE', (id) => `SHOW TABLES FROM ${database} LIKE '%${id}'`],
  [
    'names that end like this in system.tables',
    (id) => `SELECT count() FROM system.tables WHERE endsWith(name, '${id}')`,
  ],
  [
    'names that end like this in system.columns',
    (id) => `SELECT count() FROM system.columns WHERE endsWith(table, '${id}')`,
  ],
  [
    'names that end like this in system.parts',
    (id) => `SELECT count() FROM system.parts WHERE endsWith(table, '${id}')`,
  ],
  [
    'system.data_skipping_indices',
    (id) => `SELECT count() FROM system.data_skipping_indices WHERE endsWith(table, '${id}')`,
  ],
];

const statements: readonly Oracle[] = [
  ...namings
    .filter(
      ({ mechanism }) => mechanism !== endless && !blind.has(mechanism) && !changing.has(mechanism),
    )
    .map(({ mechanism, of }) => oracle(mechanism, (id) => of(logs(id), id))),
  ...more.map(([mechanism, of]) => oracle(mechanism, of)),
  ...errors
    .filter((sql) => !sql.endsWith('OR 1'))
    .map((sql, index) =>
      oracle(`an error of a condition, ${index + 1}`, (id) => sql.replaceAll(b, id)),
    ),
];

/** Whether there is such a team, a connection, a login. */
const accounts: readonly Oracle[] = [
  {
    mechanism: 'existence: a login of a team',
    sends: (at, id, { globex, acme }) => {
      const theirs = id === b;
      if (at.name === 'ui') {
        const connection = theirs ? globex.connectionId : noTeam;
        return at.request({
          sql: 'SELECT 1',
          login: [
            ['Cookie', acme.cookie],
            ['X-HyperDX-Connection-Id', connection],
          ],
        });
      }
      const team = theirs ? globex.teamId : noTeam;
      return at.request({
        sql: 'SELECT 1',
        login: [
          ['X-ClickHouse-User', `hdx_d_${team}`],
          ['X-ClickHouse-Key', '0'.repeat(64)],
        ],
      });
    },
    control: async (site) => {
      const { status } = await site.ask('door', { sql: 'SELECT 1' }, site.globex);
      return status === 200 ? undefined : 'Globex has no login';
    },
  },
];

export const oracles: readonly Oracle[] = [...statements, ...accounts];
