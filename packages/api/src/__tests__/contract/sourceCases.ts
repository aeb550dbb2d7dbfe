import Source from '../../models/source';
import { logBody } from './bodies';
import { anyId, aTime, empty, json, message, text } from './expect';
import type { Case } from './play';
import type { Ask } from './send';
import { externalDialect, sessionDialect, sharedCases, storeSource } from './sharedSourceCases';
import { freshId } from './world';
import type { Side } from './world';

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
