import { waitFor } from '@hyperdx-tenancy/devkit/process';
import { defaultReaderLimits, readerSettings } from '@hyperdx-tenancy/domain/access';

import { each } from '../../clickhouse/__tests__/isolation/probe';
import { b, database } from '../../clickhouse/__tests__/isolation/tenants';
import { createContext } from '../../controllers/context';
import type { Context } from '../../controllers/context';
import { createLogger } from '../../utils/logger';
import type { Attack } from './corpus/attack';
import { attacksOn } from './corpus/attacks';
import type { Entrance } from './corpus/entrances';
import { legitimateAt } from './corpus/legitimate';
import { mutations, through } from './corpus/mutations';
import { oracles } from './corpus/oracles';
import { attack, consult, unproved } from './corpus/run';
import { Site } from './corpus/site';
import { send } from './corpus/wire';

jest.setTimeout(180_000);

const site = new Site();
const names = ['door', 'ui'] as const;
const counts = { door: 0, ui: 0, leaks: 0, controls: 0, legitimate: 0, mutations: 0 };
let attacks: readonly Attack[] = [];

const entrance = (name: Entrance['name']): Entrance => {
  const [door, ui] = site.entrances;
  return name === 'door' ? door : ui;
};

beforeAll(async () => {
  await site.start();
  attacks = attacksOn(site);
}, 180_000);

afterAll(async () => {
  const mechanisms = attacks.length + oracles.length;
  process.stdout.write(
    `corpus: ${mechanisms} mechanisms, ${counts.door} requests at the door, ${counts.ui} at HyperDX's proxy, ${counts.leaks} leaks; ` +
      `${counts.controls} controls; ${counts.legitimate} legitimate requests allowed; ${counts.mutations} mutations caught\n`,
  );
  await site.stop();
}, 60_000);

describe('what is legitimate', () => {
  it.each(names)('is answered by the %s', async (name) => {
    const at = entrance(name);
    const found = await each(legitimateAt(site), async ({ name: what, said, rows }) => {
      const { status, body } = await send(at.url, at.request(said));
      return status === 200 && rows.test(body) ? [] : [`${what}: ${status} ${body.slice(0, 300)}`];
    });
    expect(found.flat()).toEqual([]);
    counts.legitimate += found.length;
  });
});

describe('attacks', () => {
  it('are of at least 100 mechanisms, each distinct', () => {
    const mechanisms = [...attacks, ...oracles].map(({ mechanism }) => mechanism);
    expect(mechanisms.filter((one, index) => mechanisms.indexOf(one) !== index)).toEqual([]);
    expect(mechanisms.length).toBeGreaterThanOrEqual(100);
  });

  it.each(names)('show nothing by the %s', async (name) => {
    const before = site.lure.connections();
    const { requests, faults } = await attack(attacks, entrance(name), site);
    counts.leaks += faults.length;
    counts[name] += requests;
    expect(faults).toEqual([]);
    expect(site.lure.connections()).toBe(before);
  });

  it.each(names)('tell nothing apart by the %s', async (name) => {
    const { requests, faults } = await consult(oracles, entrance(name), site);
    counts.leaks += faults.length;
    counts[name] += requests;
    expect(faults).toEqual([]);
  });

  it('are at least 300 by each entrance', () => {
    for (const name of names) expect(counts[name]).toBeGreaterThanOrEqual(300);
  });
});

describe('what Globex does', () => {
  it('does not show in what Acme is told', async () => {
    const statements = ['tables', 'columns', 'parts', 'databases', 'data_skipping_indices']
      .flatMap((table) => [
        `SELECT count() FROM system.${table}`,
        `SELECT name FROM system.${table} LIMIT 1 FORMAT JSON`,
      ])
      .concat('SHOW TABLES FORMAT JSON', 'SHOW DATABASES FORMAT JSONCompact');
    const told = async (name: Entrance['name']): Promise<string[]> =>
      each(statements, async (sql) => {
        const { headers, body } = await site.ask(name, { sql });
        const summary = /x-clickhouse-summary\n(.*)/i.exec(headers)?.[1] ?? '';
        return `${sql}: ${`${summary} ${body}`.replace(/"elapsed(?:_ns)?": ?"?[\d.e-]+"?/g, '')}`;
      });
    const before = await Promise.all(names.map(told));
    for (const sql of [
      `CREATE TABLE ${database}.later_${b} (id UInt64, INDEX i id TYPE minmax) ENGINE = MergeTree ORDER BY id`,
      `INSERT INTO ${database}.later_${b} VALUES (1)`,
      'CREATE DATABASE later',
    ]) {
      expect((await site.operator.ask(sql)).body).toBe('');
    }
    expect(await Promise.all(names.map(told))).toEqual(before);
  });

  it('cannot be found, held up or ended by the id of its query', async () => {
    const queryId = 'shared-by-chance';
    const sql = `SELECT sum(cityHash64(number)) FROM numbers(19000000000)`;
    const running = async (): Promise<boolean> => {
      const { body } = await site.operator.ask(
        `SELECT count() FROM system.processes WHERE query LIKE '%numbers ( 19000000000 )%' AND query NOT LIKE '%processes%'`,
      );
      return body === '1\n';
    };
    const long = site
      .ask('door', { sql, query: [['query_id', queryId]] }, site.globex)
      .catch(() => undefined);
    await waitFor(running, { what: 'the query of Globex', timeoutMs: 15_000 });
    for (const name of names) {
      const of = async (text: string, ...more: [string, string][]) =>
        (await site.ask(name, { sql: text, query: [['query_id', queryId], ...more] })).status;
      expect(await of('SELECT 1')).toBe(200);
      expect(await of('SELECT 1', ['replace_running_query', '1'])).toBe(403);
      expect(await of(`KILL QUERY WHERE query_id LIKE '%${queryId}' SYNC`)).toBe(403);
      expect(await of('SELECT * FROM system.processes')).toBe(403);
    }
    expect(await running()).toBe(true);
    // Its own user, and the administrator, can end it.
    await site.operator.ask(
      "KILL QUERY WHERE query LIKE '%19000000000%' AND query NOT LIKE '%KILL%'",
    );
    await waitFor(async () => !(await running()), { what: 'its end', timeoutMs: 15_000 });
    await long;
  });
});

describe('what reaches ClickHouse', () => {
  it('is sent by the platform, as it says, whatever was asked for', () => {
    const expected = new Set([
      ...readerSettings(defaultReaderLimits).map(({ name }) => name),
      ...[
        'additional_table_filters',
        'output_format_write_statistics',
        'readonly',
        'database',
        'query_id',
        'default_format',
      ],
      ...['wait_end_of_query', 'buffer_size', 'enable_http_compression', 'client_protocol_version'],
    ]);
    const ours = site.tap.passed.filter(
      ({ headers }) => headers['user-agent'] === 'hyperdx-tenancy',
    );
    expect(ours.length).toBeGreaterThan(1_000);
    for (const { parameters, headers, body } of ours) {
      const given = new Map(parameters);
      const unexpected = [...given.keys()].filter(
        (name) => !name.startsWith('param_') && !expected.has(name),
      );
      expect(unexpected).toEqual([]);
      expect(given.size).toBe(parameters.length);
      expect(given.get('database')).toBe('hdx_nothing');
      expect(headers['x-clickhouse-user']).toBe(site.clickhouse.user);
      const asks = body.startsWith('EXPLAIN AST (') || body.includes('\r\n\r\nEXPLAIN AST (');
      expect(given.get('readonly')).toBe(asks ? '1' : '2');
      expect(given.get('query_id') ?? '').toMatch(
        asks ? /^$/ : new RegExp(`^(?:${site.acme.id}|${site.globex.id}):`),
      );
    }
  });

  it('would be seen here', async () => {
    const before = site.tap.passed.length;
    const { user, password } = site.clickhouse;
    const login = { 'X-ClickHouse-User': user, 'X-ClickHouse-Key': password };
    await fetch(`${site.tap.url}/?role=x&session_id=y`, {
      method: 'POST',
      headers: login,
      body: 'SELECT 1',
    });
    expect(site.tap.passed[before]?.parameters).toEqual([
      ['role', 'x'],
      ['session_id', 'y'],
    ]);
  });
});

describe('taking one rule away', () => {
  let context: Context;

  beforeAll(() => {
    context = createContext(site.server.config, createLogger('silent'));
  });

  afterAll(() => context.targets.close());

  it.each(mutations.map((mutation) => [mutation.rule, mutation] as const))(
    '%s: an attack reaches ClickHouse by each entrance',
    async (_rule, { mechanism, open }) => {
      const tried = attacks.filter((one) => one.mechanism === mechanism);
      expect(tried.length).toBe(1);
      const found = await through(open(context), site, async (entrances) => {
        const passed: boolean[] = [];
        for (const at of entrances) {
          const before = site.statementsRun;
          const { faults } = await attack(tried, at, site);
          passed.push(faults.length > 0 || site.statementsRun > before);
        }
        return passed;
      });
      expect(found).toEqual([true, true]);
      counts.mutations += 1;
    },
  );
});

describe('the log', () => {
  it('says nothing of what there is, nor who asks by what', () => {
    const text = site.logged.join('');
    expect(text).toContain('query');
    // Whose request it was is said by the id; nothing else is.
    expect(site.leaks(text, site.globex.id)).toEqual([]);
    for (const secret of [...site.acme.secrets.slice(0, 2), site.acme.cookie.split('=')[1]!]) {
      expect(text).not.toContain(secret);
    }
  });
});

describe('controls', () => {
  it('work: each attack would succeed without the service', async () => {
    expect(await unproved([...oracles, ...attacks], site)).toEqual([]);
    counts.controls = attacks.length + oracles.length;
  });
});
