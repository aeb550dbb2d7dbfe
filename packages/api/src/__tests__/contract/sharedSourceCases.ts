import { Types } from 'mongoose';

import Source from '../../models/source';
import type { Seen } from '../browser';
import { allTables, logBody, sourceBodies } from './bodies';
import { all, faults, message } from './expect';
import type { Check } from './expect';
import type { Case } from './play';
import { foreignSources, wrongSources } from './sourceRefusals';
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
export async function storeSource(side: Side): Promise<string> {
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

/** What holds for both. */
export function sharedCases(dialect: Dialect): Case[] {
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
      what: 'knows an id in capitals too',
      ask: async (side) => ({
        params: { id: (await storeSource(side)).toUpperCase() },
        json: logBody(side, { name: 'By capitals' }),
      }),
      status: 200,
      check: async (_seen, { team }) => {
        expect(await Source.exists({ team, name: 'By capitals' })).not.toBeNull();
      },
    },
    {
      route: create,
      what: 'takes null and nothing for other sources that there are not, as forms send them',
      ask: (side) => ({ json: logBody(side, { traceSourceId: '', metricSourceId: null }) }),
      status: 200,
      check: (seen) => expect(inAnswer(seen)).toMatchObject({ kind: 'log' }),
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
  for (const [what, body, field] of wrongSources) onBoth(what, body, 400, dialect.bodyFault(field));
  for (const [what, body, status, check] of foreignSources) onBoth(what, body, status, check);
  return cases;
}
