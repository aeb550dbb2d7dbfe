import { randomUUID } from 'node:crypto';

import { createClient } from '@clickhouse/client';
import type { ClickHouseClient } from '@clickhouse/client';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import { defaultRetention, renderTenantTables } from '@hyperdx-tenancy/domain/tables';
import type { Statement } from '@hyperdx-tenancy/domain/tables';
import { BSON, MongoClient, ObjectId } from 'mongodb';
import type { Collection, Db, Document } from 'mongodb';

import type { Backend } from '../harness/stack';

/** The collections that a tenant's documents are in, as the API names them. */
const KINDS = ['tenants', 'teams', 'connections', 'sources'] as const;
type Kind = (typeof KINDS)[number];

const REQUEST_TIMEOUT_MS = 30_000;

/** A tenant's documents, as the API leaves them behind. */
interface Documents {
  tenant: Document;
  team: Document;
  connection: Document;
  sources: Document[];
}

/**
 * What a tenant costs at the least: its DDL and its document writes, back to back over the bare drivers.
 *
 * Counted: each CREATE statement; the tenant's document, its team, its connection, its sources in one bulk write, and the write that
 * makes the tenant active. Everything else that the API does is overhead of ours and not in here: the HTTP request, looking the name
 * up, a write per step (with the lease), the server's version, what exists already, the check of all columns, the announcement to
 * the collectors, and reading the tenant back for the answer.
 */
export interface Floor {
  makeTenant: () => Promise<void>;
  /** Round trips of one {@link makeTenant}. */
  roundTrips: number;
  close(): Promise<void>;
}

const collectionsOf = (db: Db, prefix = ''): Record<Kind, Collection> => ({
  tenants: db.collection(`${prefix}tenants`),
  teams: db.collection(`${prefix}teams`),
  connections: db.collection(`${prefix}connections`),
  sources: db.collection(`${prefix}sources`),
});

async function readDocuments(from: Record<Kind, Collection>, id: TenantId): Promise<Documents> {
  const tenant = await from.tenants.findOne({ _id: new ObjectId(id) });
  const team = await from.teams.findOne({ tenant: new ObjectId(id) });
  if (!tenant || !team) throw new Error('the sample tenant has no document or no team');
  const connection = await from.connections.findOne({ team: team._id });
  const sources = await from.sources.find({ team: team._id }).toArray();
  if (!connection) throw new Error('the sample tenant has no connection');
  return { tenant, team, connection, sources };
}

/** The same documents for another tenant: every id and every unique value replaced, nothing else. */
function anotherOf(sample: Documents): { id: TenantId; documents: Documents } {
  const { tenant, team, connection, sources } = sample;
  const own: unknown[] = [tenant, team, connection, ...sources].map(({ _id }) => _id as unknown);
  let text = BSON.EJSON.stringify(sample, { relaxed: false });
  for (const id of own) text = text.replaceAll(String(id), new ObjectId().toHexString());
  const unique = [tenant['firstApiKey'], team['hookId'], tenant['name'], tenant['nameKey']];
  for (const value of new Set(unique)) text = text.replaceAll(String(value), randomUUID());
  const documents = BSON.EJSON.parse(text, { relaxed: false }) as Documents;
  return { id: parseTenantId(String(documents.tenant['_id'])), documents };
}

/** Writes what the API's steps write, in its forms: upserts that keep what is there, so that a step can be done again. */
async function writeDocuments(
  to: Record<Kind, Collection>,
  { tenant, team, connection, sources }: Documents,
  makeTables: () => Promise<void>,
): Promise<void> {
  const upsert = ({ _id, ...rest }: Document) => ({
    filter: { _id: _id as ObjectId },
    update: { $setOnInsert: rest },
    upsert: true,
  });
  const lease = { owner: randomUUID(), expiresAt: new Date() };
  await to.tenants.insertOne({ ...tenant, status: 'provisioning', step: 'team', lease });
  const teamWrite = upsert(team);
  await to.teams.updateOne(teamWrite.filter, teamWrite.update, { upsert: true });
  await makeTables();
  const connectionWrite = upsert(connection);
  await to.connections.updateOne(connectionWrite.filter, connectionWrite.update, { upsert: true });
  await to.sources.bulkWrite(sources.map((source) => ({ updateOne: upsert(source) })));
  const { _id, status, step, updatedAt } = tenant;
  await to.tenants.updateOne(
    { _id: _id as ObjectId },
    { $set: { status, step, updatedAt, lease: null } },
  );
}
/** Document writes of {@link writeDocuments}. */
const WRITES = 5;

/** How ClickHouse describes a tenant's objects, without the tenant's id. */
async function describeTables(client: ClickHouseClient, id: TenantId): Promise<string[]> {
  const answer = await client.query({
    query: `SELECT create_table_query AS text FROM system.tables
            WHERE database = currentDatabase() AND endsWith(name, {suffix:String}) ORDER BY name`,
    query_params: { suffix: `_${id}` },
    format: 'JSONEachRow',
  });
  return (await answer.json<{ text: string }>()).map(({ text }) => text.replaceAll(id, ''));
}

/**
 * @param sampleId a tenant that the API made: its documents are the pattern, its tables what the floor's must be like.
 * @throws Error where the floor's tables are not the API's: the comparison would be one of two different things.
 */
export async function openFloor(backend: Backend, sampleId: TenantId): Promise<Floor> {
  const { clickhouse, mongo } = backend;
  const client = createClient({ ...clickhouse.client(), request_timeout: REQUEST_TIMEOUT_MS });
  const driver = new MongoClient(mongo.uri, { socketTimeoutMS: REQUEST_TIMEOUT_MS });
  const close = async (): Promise<void> => {
    await Promise.all([client.close(), driver.close()]);
  };
  const [major = NaN, minor = NaN] = clickhouse.version.split('.').map(Number);
  const statementsOf = (tenantId: TenantId): Statement[] =>
    renderTenantTables({
      tenantId,
      database: clickhouse.database,
      clickhouseVersion: { major, minor },
      engine: 'MergeTree',
      partitioning: 'day',
      retention: defaultRetention,
    });

  try {
    const theirs = collectionsOf(driver.db());
    // Beside the API's own, with the same indexes: in them the API would find tenants that it never made.
    const ours = collectionsOf(driver.db(), 'floor_');
    for (const kind of KINDS) {
      const indexes = await theirs[kind].indexes();
      const own = indexes.filter(({ name }) => name !== '_id_');
      if (own.length > 0) {
        await ours[kind].createIndexes(
          own.map(({ key, name, unique }) => ({ key, name, ...(unique ? { unique } : {}) })),
        );
      }
    }
    const sample = await readDocuments(theirs, sampleId);
    const makeTenant = async (): Promise<TenantId> => {
      const { id, documents } = anotherOf(sample);
      await writeDocuments(ours, documents, async () => {
        for (const { sql } of statementsOf(id)) await client.command({ query: sql });
      });
      return id;
    };
    const [made, expected] = [
      await describeTables(client, await makeTenant()),
      await describeTables(client, sampleId),
    ];
    const differs = expected.findIndex((text, index) => text !== made[index]);
    if (expected.length === 0 || made.length !== expected.length || differs !== -1) {
      throw new Error(`the floor's tables differ from the API's: ${expected[differs] ?? ''}`);
    }
    return {
      makeTenant: async () => {
        await makeTenant();
      },
      roundTrips: statementsOf(sampleId).length + WRITES,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
