import { Types } from 'mongoose';

import Source from '../../models/source';
import type { Seen } from '../browser';
import { allTables, logBody, sourceBodies } from './bodies';
import { all, anyId, aTime, empty, faults, json, message, text } from './expect';
import type { Check } from './expect';
import type { Case } from './play';
import type { Ask } from './send';
import { freshId } from './world';
import type { Side } from './world';

/** The two APIs that have sources, and how each of them words the same things. */
interface Dialect {
  list: 'GET /sources' | 'GET /api/v2/sources';
  create: 'POST /sources' | 'POST /api/v2/sources';
  replace: 'PUT /sources/:id' | 'PUT /api/v2/sources/:id';
  remove: 'DELETE /sources/:id' | 'DELETE /api/v2/sources/:id';
  /** The document in an answer. */
  inAnswer(seen: Seen): Record<string, unknown>;
  /** What is wrong with the body. */
  bodyFault(field: string): Check;
  idFault: Check;
}

export const sessionDialect: Dialect = {
  list: 'GET /sources',
  create: 'POST /sources',
  replace: 'PUT /sources/:id',
  remove: 'DELETE /sources/:id',
  inAnswer: (seen) => seen.json as Record<string, unknown>,
  bodyFault: (field) => faults({ Body: [field] }),
  idFault: faults({ Params: ['id'] }),
};

export const externalDialect: Dialect = {
  list: 'GET /api/v2/sources',
  create: 'POST /api/v2/sources',
  replace: 'PUT /api/v2/sources/:id',
  remove: 'DELETE /api/v2/sources/:id',
  inAnswer: (seen) => (seen.json as { data: Record<string, unknown> }).data,
  bodyFault: (field) => message(new RegExp(`^Body validation failed: .*\\b${field}: `)),
  idFault: message(/^Params validation failed: id: /),
};

async function stored(id: unknown): Promise<Record<string, unknown>> {
  return JSON.parse(JSON.stringify(await Source.findById(id).lean())) as Record<string, unknown>;
}

/** A document that is just there, with fields that only a later HyperDX knows. */
async function storeSource(side: Side): Promise<string> {
  const { insertedId } = await Source.collection.insertOne({
    ...allTables(side, `_${side.tenant}`),
    connection: new Types.ObjectId(side.connection),
    team: new Types.ObjectId(side.team),
    laterField: { deep: [1, { er: null }] },
    createdAt: new Date(),
    updatedAt: new Date(),
    __v: 0,
  });
  return String(insertedId);
}

/** Names of tables anywhere in a document that have this tenant's suffix, and those that have none. */
function tablesIn({ tenant }: Side, document: unknown): { suffixed: number; bare: number } {
  const names = JSON.stringify(document).match(/"(?:otel|hyperdx)_[a-z0-9_]+"/g) ?? [];
  const suffixed = names.filter((name) => name.split(`_${tenant}`).length === 2).length;
  return { suffixed, bare: names.length - suffixed };
}

const wrong: [string, (side: Side) => object, string][] = [
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

const refusals: [string, (side: Side) => object, number, Check][] = [
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

function sharedCases(dialect: Dialect): Case[] {
  const { create, replace, remove, inAnswer } = dialect;
  const cases: Case[] = [];
  for (const [kind, body] of Object.entries(sourceBodies)) {
    cases.push({
      route: create,
      what: `makes a ${kind} source of this team, its tables suffixed`,
      ask: (side) => ({ json: { ...body(side), laterField: { deep: [1] } } }),
      status: 200,
      check: async (seen, side) => {
        const made = inAnswer(seen);
        expect(made).toMatchObject({ kind, name: 'Made', connection: side.connection });
        const document = await stored(made['id']);
        expect(document).toMatchObject({ kind, team: side.team, laterField: { deep: [1] } });
        expect(tablesIn(side, document)).toMatchObject({ bare: 0 });
        expect(tablesIn(side, document).suffixed).toBeGreaterThan(0);
        expect(tablesIn(side, made)).toEqual(tablesIn(side, document));
      },
    });
  }
  cases.push(
    {
      route: create,
      what: 'suffixes every table that a source can carry',
      ask: (side) => ({ json: allTables(side) }),
      status: 200,
      check: async (seen, side) => {
        const document = await stored(inAnswer(seen)['id']);
        expect(tablesIn(side, document)).toEqual({ suffixed: 4, bare: 0 });
      },
    },
    {
      route: create,
      what: 'leaves suffixes that are there as they are',
      ask: (side) => ({ json: allTables(side, `_${side.tenant}`) }),
      status: 200,
      check: async (seen, side) => {
        const document = await stored(inAnswer(seen)['id']);
        expect(tablesIn(side, document)).toEqual({ suffixed: 4, bare: 0 });
      },
    },
    {
      route: create,
      what: 'lets nobody choose id or owner',
      ask: (side) => {
        const { team, sources } = side.theirs;
        return { json: logBody(side, { _id: sources.log, id: sources.log, team }) };
      },
      status: 200,
      check: async (seen, side) => {
        expect(await stored(inAnswer(seen)['id'])).toMatchObject({ team: side.team });
      },
    },
    {
      route: replace,
      what: 'keeps, through reading, changing and writing, what only a later HyperDX knows',
      ask: async (side) => {
        const id = await storeSource(side);
        const read = (await stored(id)) as { _id?: string };
        delete read._id;
        return { params: { id }, json: { ...read, id, name: 'Renamed' } };
      },
      status: 200,
      check: async (_seen, { team }) => {
        const document = await Source.findOne({ team, name: 'Renamed' }).sort({ _id: -1 }).lean();
        expect(document).toMatchObject({ laterField: { deep: [1, { er: null }] } });
        expect(document?.team).toEqual(new Types.ObjectId(team));
      },
    },
    {
      route: replace,
      what: 'suffixes tables too, once',
      ask: async (side) => ({
        params: { id: await storeSource(side) },
        json: { ...allTables(side), name: 'Suffixed' },
      }),
      status: 200,
      check: async (_seen, side) => {
        const document = await Source.findOne({ team: side.team, name: 'Suffixed' })
          .sort({ _id: -1 })
          .lean();
        expect(tablesIn(side, document)).toEqual({ suffixed: 4, bare: 0 });
      },
    },
    {
      route: replace,
      what: 'refuses an id that is none',
      ask: (side) => ({ params: { id: 'nonsense' }, json: logBody(side) }),
      status: 400,
      check: dialect.idFault,
    },
    {
      route: remove,
      what: 'refuses an id that is none',
      ask: () => ({ params: { id: 'nonsense' } }),
      status: 400,
      check: dialect.idFault,
    },
  );
  const onBoth = (what: string, body: (side: Side) => object, status: number, check: Check) => {
    const unchanged: Check = async (_seen, side) => {
      expect(await Source.exists({ team: side.team, name: 'Refused' })).toBeNull();
    };
    const named = (side: Side): object => {
      const made = body(side);
      return {
        name: 'Refused',
        ...made,
        ...('name' in made && made.name === 'Made' ? { name: 'Refused' } : {}),
      };
    };
    cases.push(
      {
        route: create,
        what: `refuses ${what}`,
        ask: (side) => ({ json: named(side) }),
        status,
        check: all(check, unchanged),
      },
      {
        route: replace,
        what: `refuses ${what}`,
        ask: (side) => ({ params: { id: side.sources.log }, json: named(side) }),
        status,
        check: all(check, unchanged),
      },
    );
  };
  for (const [what, body, field] of wrong) onBoth(what, body, 400, dialect.bodyFault(field));
  for (const [what, body, status, check] of refusals) onBoth(what, body, status, check);
  return cases;
}

const toDelete = async (side: Side): Promise<Ask> => ({ params: { id: await storeSource(side) } });
const nobodys = (side: Side): Ask => ({ params: { id: freshId() }, json: logBody(side) });

const countOf = async (side: Side): Promise<number> => Source.countDocuments({ team: side.team });

export const sourceCases: Case[] = [
  {
    route: 'GET /sources',
    what: "lists the team's documents whole",
    ask: async (side) => {
      await storeSource(side);
      return {};
    },
    status: 200,
    check: async (seen, side) => {
      const listed = seen.json as Record<string, unknown>[];
      expect(listed).toHaveLength(await countOf(side));
      for (const one of listed) {
        expect(one).toMatchObject({ id: one['_id'], team: side.team, connection: side.connection });
        expect(one).toMatchObject({ createdAt: aTime, updatedAt: aTime });
      }
      expect(listed.map(({ _id }) => _id)).toEqual(
        expect.arrayContaining(Object.values(side.sources)),
      );
      expect(listed.at(-1)).toMatchObject({ laterField: { deep: [1, { er: null }] } });
    },
  },
  ...sharedCases(sessionDialect),
  {
    route: 'PUT /sources/:id',
    what: 'answers nothing',
    ask: async (side) => ({ params: { id: await storeSource(side) }, json: logBody(side) }),
    status: 200,
    check: empty,
  },
  {
    route: 'PUT /sources/:id',
    what: 'knows none of this id',
    ask: nobodys,
    status: 404,
    check: text('Source not found'),
  },
  {
    route: 'DELETE /sources/:id',
    what: 'deletes, and answers nothing',
    ask: toDelete,
    status: 200,
    check: empty,
  },
  {
    route: 'DELETE /sources/:id',
    what: 'answers the same where there is none',
    ask: () => ({ params: { id: freshId() } }),
    status: 200,
    check: empty,
  },
];

const shown = {
  id: anyId,
  kind: 'log',
  name: 'Made',
  timestampValueExpression: 'Timestamp',
  defaultTableSelectExpression: 'Timestamp,Body',
};

export const externalSourceCases: Case[] = [
  {
    route: 'GET /api/v2/sources',
    what: "lists the team's, by id",
    ask: () => ({}),
    status: 200,
    check: async (seen, side) => {
      const { data, ...more } = seen.json as { data: Record<string, unknown>[] };
      expect(more).toEqual({});
      expect(data).toHaveLength(await countOf(side));
      for (const one of data) {
        expect(one['id']).toEqual(anyId);
        for (const field of ['_id', 'team', '__v']) expect(one).not.toHaveProperty(field);
      }
    },
  },
  ...sharedCases(externalDialect),
  {
    route: 'POST /api/v2/sources',
    what: 'answers the source with its id',
    ask: (side) => ({ json: logBody(side) }),
    status: 200,
    check: json(({ connection, tenant, engines: { clickhouse } }) => ({
      data: {
        ...shown,
        connection,
        from: { databaseName: clickhouse.database, tableName: `otel_logs_${tenant}` },
      },
    })),
  },
  {
    route: 'GET /api/v2/sources/:id',
    what: 'shows one',
    ask: ({ sources }) => ({ params: { id: sources.trace } }),
    status: 200,
    check: (seen, side) =>
      expect(seen.json).toMatchObject({
        data: { id: side.sources.trace, kind: 'trace', connection: side.connection },
      }),
  },
  {
    route: 'GET /api/v2/sources/:id',
    what: 'refuses an id that is none',
    ask: () => ({ params: { id: 'nonsense' } }),
    status: 400,
    check: externalDialect.idFault,
  },
  {
    route: 'PUT /api/v2/sources/:id',
    what: 'answers the source as it is now',
    ask: async (side) => ({
      params: { id: await storeSource(side) },
      json: logBody(side, { name: 'Now' }),
    }),
    status: 200,
    check: (seen) => expect(seen.json).toMatchObject({ data: { ...shown, name: 'Now' } }),
  },
  {
    route: 'DELETE /api/v2/sources/:id',
    what: 'deletes',
    ask: toDelete,
    status: 200,
    check: json(() => ({})),
  },
  ...(['GET', 'PUT', 'DELETE'] as const).map((method): Case => ({
    route: `${method} /api/v2/sources/:id`,
    what: 'knows none of this id',
    ask: (side) => (method === 'PUT' ? nobodys(side) : { params: { id: freshId() } }),
    status: 404,
    check: message(/^Source not found/),
  })),
];
