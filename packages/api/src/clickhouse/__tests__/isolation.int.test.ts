import {
  accessFor,
  pinnedNames,
  renderAccess,
  renderAddPassword,
  renderDropAccess,
  renderDropOldPasswords,
  renderReaderPins,
  renderResume,
  renderSetPassword,
  renderSuspend,
  renderViewsDefiner,
} from '@hyperdx-tenancy/domain/access';
import type { AccessOptions, ServerSetting, TenantAccess } from '@hyperdx-tenancy/domain/access';

import type { Answer, OpenEngine } from './isolation/engine';
import { operator as operatorUser, Workshop } from './isolation/engine';
import { gaps, namings, withoutIds } from './isolation/gaps';
import { hyperdxSettings, shapes } from './isolation/hyperdx';
import type { Shape } from './isolation/hyperdx';
import type { Lure } from './isolation/lure';
import { openLure } from './isolation/lure';
import { mutations } from './isolation/mutations';
import type { Probe } from './isolation/probe';
import { controlFault, each, fault } from './isolation/probe';
import { catalog } from './isolation/probes/catalog';
import { changes } from './isolation/probes/change';
import { outward, reads } from './isolation/probes/read';
import { settings } from './isolation/probes/setting';
import { a, b, database, nobody, rowsOfA } from './isolation/tenants';
import type { EngineUser } from './isolation/usersFile';
import { engineUser } from './isolation/usersFile';

jest.setTimeout(120_000);

const refused: Record<string, number> = {};
const counts = { controls: 0, allowed: 0, gaps: 0, mutations: 0 };
let lure: Lure;
let workshop: Workshop;
let operator: OpenEngine;
let serverSettings: ServerSetting[];
let probes: readonly Probe[];
/** A as each of its users; nothing that they try changes anything. */
const tenants: Partial<Record<'reader' | 'pinnedReader' | 'writer', OpenEngine>> = {};

beforeAll(async () => {
  lure = await openLure();
  workshop = await Workshop.prepare();
  operator = await workshop.open(operatorUser);
  const { body } = await operator.ask(
    'SELECT name, alias_for AS aliasFor FROM system.settings FORMAT JSON',
  );
  serverSettings = (JSON.parse(body) as { data: ServerSetting[] }).data;
  probes = [...reads, ...outward(lure.port, operator.url), ...catalog, ...changes, ...settings];
});

afterAll(async () => {
  const summary = Object.entries(refused).map(([who, count]) => `${count} as ${who}`);
  process.stdout.write(
    `isolation: ${probes.length} mechanisms, ${counts.controls} controls; nothing of B in: ${summary.join(', ')}; ` +
      `${counts.allowed} of HyperDX's statements allowed; ${counts.gaps} gaps for the guard; ${counts.mutations} mutations caught\n`,
  );
  const engines = [operator, ...Object.values(tenants)];
  await Promise.all(engines.map((engine) => engine.close()));
  await workshop.remove();
  lure.close();
});

const access = (options: Partial<AccessOptions> = {}): TenantAccess =>
  accessFor({ tenantId: a, database, serverSettings, ...options });

const users = {
  reader: (): EngineUser => engineUser(access().reader),
  /** The one whose settings can be changed on this engine. */
  pinnedReader: (options: Partial<AccessOptions> = {}): EngineUser =>
    engineUser(access({ ...options, readerMode: 'pins' }).reader, pinnedNames(serverSettings)),
  writer: (): EngineUser => engineUser(access().writer),
};

/** The engine as one of A's users, opened when first asked for. */
const tenant = async (who: keyof typeof tenants): Promise<OpenEngine> =>
  (tenants[who] ??= await workshop.open(users[who]()));

async function as<T>(user: EngineUser, work: (engine: OpenEngine) => Promise<T>): Promise<T> {
  const engine = await workshop.open(user);
  try {
    return await work(engine);
  } finally {
    await engine.close();
  }
}

const probesFor = (role: 'reader' | 'writer'): Probe[] =>
  probes.filter((probe) => probe.as === undefined || probe.as === role);

/** `<mechanism>: <what is wrong>` for each probe with a fault. */
async function faults(engine: OpenEngine, tried: readonly Probe[]): Promise<string[]> {
  const found = await each(tried, async (probe) => {
    const wrong = fault(probe, await engine.ask(probe.sql, probe.parameters));
    return wrong === undefined ? [] : [`${probe.mechanism}: ${wrong}`];
  });
  return found.flat();
}

describe('probes', () => {
  it('are of at least 120 mechanisms, each distinct', () => {
    expect(new Set(probes.map(({ mechanism }) => mechanism)).size).toBe(probes.length);
    expect(probes.length).toBeGreaterThanOrEqual(120);
  });

  it('each work for an operator', async () => {
    const wrong: string[] = [];
    // One after another: some take away what others look for, and put it back before.
    for (const probe of probes) {
      const found = await controlFault(probe, operator, () => lure.connections());
      if (found === undefined) counts.controls += 1;
      else wrong.push(`${probe.mechanism} ${found}`);
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    ['reader', 'reader'],
    ['pinnedReader', 'reader'],
    ['writer', 'writer'],
  ] as const)('show nothing of B to A as %s', async (who, role) => {
    const tried = probesFor(role);
    const before = lure.connections();
    expect(await faults(await tenant(who), tried)).toEqual([]);
    expect(lure.connections()).toBe(before);
    refused[who] = tried.length;
  });
});

describe('what grants do not stop', () => {
  it('is still so, and listed with the rule of the guard that stops it', async () => {
    const reader = await tenant('reader');
    const stopped = await each(gaps, async ({ mechanism, sql, shows }) => {
      const { body } = await reader.ask(sql);
      return shows.test(body) ? [] : [`${mechanism}: ${body.slice(0, 200)}`];
    });
    expect(stopped.flat()).toEqual([]);
    for (const { leak, rule } of gaps) expect([leak, rule]).not.toContain('');
    counts.gaps = gaps.length;
  });

  it.each(['reader', 'writer'] as const)(
    'tells a %s by other errors than for no table that a table is there, in these statements alone',
    async (role) => {
      const name = (tenantId: string) => `${database}.otel_logs_${tenantId}`;
      const same = (one: Answer, other: Answer) =>
        one.status === other.status && withoutIds(one.body) === withoutIds(other.body);
      const engine = await tenant(role);
      const found = await each(namings, async ({ mechanism, of }) => {
        const theirs = await engine.ask(of(name(b), b));
        const none = await engine.ask(of(name(nobody), nobody));
        return { mechanism, tells: !same(theirs, none) };
      });
      expect(found).toEqual(namings.map(({ mechanism, tells }) => ({ mechanism, tells })));
    },
  );
});

describe('what HyperDX sends', () => {
  const ask = (engine: OpenEngine, { sql, values = {}, settings: own }: Shape, common = {}) =>
    engine.ask(sql, {
      ...common,
      ...own,
      ...Object.fromEntries(
        Object.entries(values).map(([name, value]) => [`param_${name}`, value]),
      ),
    });
  const wrong = ({ name, rows = /(?:)/ }: Shape, { ok, body }: Answer): string[] =>
    ok && rows.test(body) ? [] : [`${name}: ${body.slice(-400)}`];

  it('is of at least 60 shapes', () => {
    expect(new Set(shapes.map(({ name }) => name)).size).toBe(shapes.length);
    expect(shapes.length).toBeGreaterThanOrEqual(60);
  });

  it('succeeds with its settings', async () => {
    const reader = await tenant('pinnedReader');
    const found = await each(shapes, async (shape) =>
      wrong(shape, await ask(reader, shape, hyperdxSettings)),
    );
    expect(found.flat()).toEqual([]);
    counts.allowed = shapes.length;
  });

  it('needs no more grants under readonly = 1', async () => {
    // Whose changeable settings this engine cannot show.
    const plain = shapes.filter(({ settings: own, sql }) => !own && !sql.includes('SETTINGS'));
    const reader = await tenant('reader');
    const found = await each(plain, async (shape) => wrong(shape, await ask(reader, shape)));
    expect(found.flat()).toEqual([]);
  });
});

describe('limits', () => {
  it('of rows read and of results hold, though HyperDX turns max_rows_to_read off', async () => {
    const limits = { maxRowsToRead: rowsOfA - 1, maxResultRows: 5 };
    await as(users.pinnedReader({ reader: limits }), async (engine) => {
      const ask = (sql: string) => engine.ask(sql, { max_rows_to_read: '0' });
      const count = (table: string) =>
        ask(`SELECT count() FROM ${database}.${table}_${a} WHERE NOT ignore(ServiceName)`);
      expect((await count('otel_traces')).body).toBe('300\n');
      expect((await count('otel_logs')).body).toContain('on leaf node exceeded');
      expect((await ask('SELECT * FROM numbers(5)')).ok).toBe(true);
      expect((await ask('SELECT * FROM numbers(6)')).body).toContain('Limit for result exceeded');
    });
  });

  it('of a quota hold', async () => {
    const limited = users.pinnedReader({ quota: { reader: [{ seconds: 3_600, queries: 3 }] } });
    await as(limited, async (engine) => {
      const ask = () => engine.ask(`SELECT count() FROM ${database}.otel_logs_${a}`);
      const codes: number[] = [];
      for (let n = 0; n < 4; n += 1) codes.push((await ask()).code);
      // QUOTA_EXCEEDED
      expect(codes).toEqual([0, 0, 0, 201]);
    });
  });
});

describe('a writer', () => {
  it('stores rows and has the views fill the rollups, whose rows it may not write', async () => {
    const rollup = `${database}.otel_logs_kv_rollup_15m_${a}`;
    const { settings: rules, grants } = users.writer();
    const watching = { settings: rules, grants: [...grants, `GRANT SELECT ON ${rollup}`] };
    await as(watching, async (engine) => {
      const insert = `INSERT INTO ${database}.otel_logs_${a} (Timestamp, ServiceName) VALUES (now64(9), 'written')`;
      expect((await engine.ask(insert)).body).toBe('');
      const found = await engine.ask(`SELECT sum(count) FROM ${rollup} WHERE Value = 'written'`);
      expect(found.body).toBe('1\n');
      const direct = await engine.ask(`INSERT INTO ${rollup} (Value) VALUES ('x')`);
      expect(direct.code).toBe(497);
    });
  });

  it('describes every table that the exporter asks about', async () => {
    const answers = await as(users.writer(), (engine) =>
      each(access().writer.grants, ({ table = '' }) =>
        engine.ask(`DESC TABLE ${database}.${table}`),
      ),
    );
    expect(answers.map(({ ok }) => ok)).toEqual(answers.map(() => true));
  });
});

describe('taking one wall away', () => {
  const batch = 24;

  it.each(mutations.map(({ what, of, change }) => [what, of, change] as const))(
    '%s, of the %s: a probe sees it',
    async (_what, role, change) => {
      const intact = role === 'reader' ? users.pinnedReader() : users.writer();
      const caught = await as(change(intact), async (engine) => {
        // The last probes are about settings, the first about rows: from both ends, the first fault is near.
        const tried = probesFor(role);
        while (tried.length > 0) {
          const some = [...tried.splice(0, batch), ...tried.splice(-batch)];
          const found = await faults(engine, some);
          if (found.length > 0) return found;
        }
        return [];
      });
      expect(caught).not.toEqual([]);
      counts.mutations += 1;
    },
  );
});

describe('statements', () => {
  const password = { hash: 'a'.repeat(64), salt: 'b'.repeat(32) };

  it.each([
    ['on one server', {}],
    ['on a cluster', { cluster: "it's `mine`" }],
  ])('are understood by the engine: %s', async (_name, options) => {
    const all = (['readonly', 'pins'] as const).flatMap((readerMode) => {
      const of = access({ readerMode });
      return [
        ...renderAccess(of, { reader: password, writer: password }, options),
        renderAddPassword(of.reader, password, options),
        renderDropOldPasswords(of.reader, options),
        renderSetPassword(of.reader, password, options),
        ...renderSuspend(of, { reading: 'stops' }, options),
        ...renderResume(of, options),
        ...renderDropAccess(of, options),
      ];
    });
    const shared = [
      ...renderViewsDefiner(database, password, options),
      ...renderReaderPins(pinnedNames(serverSettings), options),
    ];
    for (const { sql, loggable } of [...all, ...shared]) {
      const { ok, body } = await operator.ask(`EXPLAIN AST ${sql}`);
      expect([ok, loggable, body]).toEqual([true, loggable, body]);
    }
  });

  it('name settings that the server has', () => {
    const known = new Set(serverSettings.map(({ name }) => name));
    const { reader, writer } = access();
    for (const { name } of [...reader.settings, ...writer.settings]) expect(known).toContain(name);
  });
});
