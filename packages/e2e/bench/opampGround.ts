import { createHash, randomBytes, randomUUID } from 'node:crypto';

import { openMongo } from '@hyperdx-tenancy/devkit/mongo';
import type { Mongo } from '@hyperdx-tenancy/devkit/mongo';
import { groupId } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import type { CollectorGroup } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import { MongoClient, ObjectId } from 'mongodb';
import type { Db } from 'mongodb';

import { Api } from '../harness/api';
import { withGround } from './ground';
import type { Started } from './ground';
import { CLICKHOUSE_TENANTS } from './opampBaselines';
import { startProgram } from './program';
import type { Program } from './program';
import type { BenchOptions } from './shape';

/** One installation with so many tenants. */
export interface Install {
  api: Api;
  pid: number;
  opampPort: number;
  mongoUri: string;
  db: Db;
  /** Its tenants, and the team of each at the same place. */
  tenants: readonly ObjectId[];
  teams: readonly ObjectId[];
}

export interface OpampGround {
  mongo: Mongo;
  /** Starts one, in a database of its own. @param env more variables of its API. */
  install: (tenants: number, env?: Readonly<Record<string, string>>) => Promise<Install>;
  started: Started;
  start: (file: string, env?: Readonly<Record<string, string>>) => Promise<Program>;
}

/** In writes of so many documents. */
const DOCUMENTS_A_WRITE = 500;
/** Nobody but the bench works on its tenants, which have no tables: they stay held until long after it has ended. */
const HELD_UNTIL = new Date('2100-01-01T00:00:00Z');

function tenantOf(at: number): { tenant: Record<string, unknown>; team: Record<string, unknown> } {
  const now = new Date();
  const [id, team] = [new ObjectId(), new ObjectId()];
  const apiKey = randomUUID();
  const name = `bench ${at}`;
  return {
    tenant: {
      _id: id,
      name,
      nameKey: name,
      status: 'active',
      target: 'default',
      schemaVersion: 1,
      revision: 1,
      plan: null,
      settings: {},
      partitioning: 'day',
      credentials: { generation: 1, secret: 'bench' },
      applied: { base: 'bench', retentionHours: null, access: 'guard' },
      change: null,
      members: {
        team,
        connection: new ObjectId(),
        sources: {
          log: new ObjectId(),
          trace: new ObjectId(),
          metric: new ObjectId(),
          session: new ObjectId(),
        },
      },
      firstApiKey: apiKey,
      step: 'sources',
      attempt: 0,
      lastError: null,
      nextAttemptAt: null,
      lease: { owner: randomUUID(), expiresAt: HELD_UNTIL },
      createdAt: now,
      updatedAt: now,
    },
    team: {
      _id: team,
      name,
      tenant: id,
      apiKey,
      hookId: randomUUID(),
      collectorAuthenticationEnforced: true,
      createdAt: now,
      updatedAt: now,
    },
  };
}

const TENANTS_A_VARIABLE = 4_000;

/** So many changes keep what they are about. */
const KEPT_NOTES = 256;

/**
 * Tells every process of an installation that something about its collectors' configs has changed.
 * @param changed ids of the documents, by kind; without it everything is read again.
 */
export async function announce(db: Db, changed?: Record<string, string[]>): Promise<void> {
  const revisions = db.collection<{ _id: string; revision: number }>('tenancyrevisions');
  const _id = 'collectors';
  const seen = changed && (await revisions.findOne({ _id }));
  if (!seen) {
    await revisions.updateOne({ _id }, { $inc: { revision: 1 } }, { upsert: true });
    return;
  }
  const revision = seen.revision + 1;
  const note = { [`notes.s${revision % KEPT_NOTES}`]: { revision, changed } };
  const { matchedCount } = await revisions.updateOne(
    { _id, revision: seen.revision },
    { $set: { revision, ...note } },
  );
  if (matchedCount === 0) throw new Error('something else was announced meanwhile');
}

/** Writes down tenants that are active, each with a team, without making anything in ClickHouse for them. */
async function writeTenants(
  db: Db,
  count: number,
): Promise<{ tenants: ObjectId[]; teams: ObjectId[] }> {
  const made = Array.from({ length: count }, (_, at) => tenantOf(at));
  for (let at = 0; at < count; at += DOCUMENTS_A_WRITE) {
    const some = made.slice(at, at + DOCUMENTS_A_WRITE);
    await db.collection('tenants').insertMany(some.map(({ tenant }) => tenant));
    await db.collection('teams').insertMany(some.map(({ team }) => team));
  }
  const ids = (kind: 'tenant' | 'team'): ObjectId[] =>
    made.map((one) => one[kind]['_id'] as ObjectId);
  return { tenants: ids('tenant'), teams: ids('team') };
}

/** Makes a token for each of some groups, as documents. @returns them in their order. */
export async function writeTokens(db: Db, groups: readonly CollectorGroup[]): Promise<string[]> {
  const now = new Date();
  const tokens = groups.map(() => randomBytes(24).toString('hex'));
  await db.collection('collectortokens').insertMany(
    groups.map((group, at) => ({
      name: groupId(group),
      hash: createHash('sha256')
        .update(tokens[at] ?? '')
        .digest('hex'),
      group,
      expiresAt: null,
      replacedBy: null,
      revokedAt: null,
      createdAt: now,
      updatedAt: now,
    })),
  );
  await announce(db);
  return tokens;
}

/** The same server, with another database. */
function anotherDatabase(uri: string, name: string): string {
  const url = new URL(uri);
  url.pathname = `/${name}`;
  return url.toString();
}

/** Starts MongoDB, and ends it and all that `work` starts, in reverse order. */
export function withOpampGround<T>(
  options: BenchOptions,
  work: (ground: OpampGround) => Promise<T>,
): Promise<T> {
  const { progress, signal } = options;
  return withGround(options, async (started) => {
    progress('starting MongoDB');
    const mongo = started(await openMongo({ log: progress }));
    return await work({
      mongo,
      started,
      start: async (file, env) => started(await startProgram(file, 0, env)),
      async install(tenants, env = {}) {
        progress(`starting an installation with ${tenants} tenants`);
        const mongoUri = anotherDatabase(
          mongo.uri,
          `bench${tenants}_${randomBytes(4).toString('hex')}`,
        );
        const client = await new MongoClient(mongoUri, {
          serverSelectionTimeoutMS: 5_000,
        }).connect();
        started({ stop: () => client.close() });
        const db = client.db();
        const made = await writeTenants(db, tenants);
        const ids: Record<string, string> = {};
        for (let at = 0; at < tenants; at += TENANTS_A_VARIABLE) {
          const some = made.tenants.slice(at, at + TENANTS_A_VARIABLE);
          ids[`${CLICKHOUSE_TENANTS}_${at}`] = some.join(',');
        }
        const clickhouse = await startProgram('opampClickhouse', 0, ids);
        started(clickhouse);
        const url = `http://127.0.0.1:${clickhouse.port}`;
        const api = started(
          await Api.start({
            mongoUri,
            clickhouse: { url, user: 'bench', password: 'bench' },
            collectorEndpoint: 'tcp://clickhouse.example.com:9000',
            // As in production: a line for each request would be a part of what is measured, written to a pipe.
            env: { HYPERDX_LOG_LEVEL: 'info', ...env },
            signal,
          }),
        );
        const { pid } = api;
        if (pid === undefined) throw new Error('the API does not run');
        return { api, pid, opampPort: Number(new URL(api.opampUrl).port), mongoUri, db, ...made };
      },
    });
  });
}
