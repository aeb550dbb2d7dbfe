import { z } from 'zod';

import { parseTenantId } from '../ids';
import type { TenantId } from '../ids';
import { SourceInput } from './kinds';
import { scanDocument } from './scan';
import { suffixSource } from './tableNames';

/** The fields of a source that name others, by name in DEFAULT_SOURCES and by id in a document. */
const isReference = (field: string): boolean => field.endsWith('SourceId');

const connection = z.looseObject({
  name: z.string().min(1),
  host: z.string(),
  username: z.string(),
  password: z.string().optional(),
});

/** What HyperDX's `DEFAULT_CONNECTIONS` and `DEFAULT_SOURCES` say, checked. */
export interface Seeds {
  /** Names that a default source may give for its connection; empty: any. */
  connections: readonly string[];
  /** In their order; `undefined`: DEFAULT_SOURCES is not set, and HyperDX's own four are made. */
  sources: readonly SeedSource[] | undefined;
}

/** A source of DEFAULT_SOURCES, with names where a document has ids. */
export type SeedSource = SourceInput;

/** A variable that cannot be used; `message` names the variable and the field, never a value. */
export class SeedError extends Error {
  override readonly name = 'SeedError';
}

/** A tenant's id that only serves to look at names: any suffix in DEFAULT_SOURCES is some tenant's. */
const NOBODY = parseTenantId('0'.repeat(24));

/**
 * Reads `DEFAULT_CONNECTIONS` and `DEFAULT_SOURCES` (HyperDX 2.36: JSON arrays that seed a new team; a source names its
 * connection and its other sources by name). What HyperDX skips in silence stops the start here.
 *
 * Of a default connection only the name counts. Its host, user and password are those of ClickHouse itself: given to a
 * tenant, they would open every other tenant's tables. Each default source reads through the team's managed connection.
 * @throws SeedError.
 */
export function parseSeeds(variables: {
  defaultConnections: string | undefined;
  defaultSources: string | undefined;
}): Seeds {
  const connections = (readList('DEFAULT_CONNECTIONS', variables.defaultConnections) ?? []).map(
    (value, i) => check('DEFAULT_CONNECTIONS', i, connection, value).name,
  );
  const sources = readList('DEFAULT_SOURCES', variables.defaultSources)?.map((value, i) =>
    readSource(value, i, connections),
  );
  if (sources) checkNames(sources);
  return { connections, sources };
}

/** What a tenant's default sources are made of. */
export interface SeedInput {
  tenantId: TenantId;
  teamId: string;
  connectionId: string;
  /** Of the tenant's tables, whatever the seeds say. */
  database: string;
  /** One id for each seed, in their order: the same ones when a step is done again. */
  ids: readonly string[];
}

/** A source of a tenant's, made of a seed: its document, without timestamps. */
export type SeededSource = SourceInput & { _id: string };

/**
 * The sources of a new tenant as `DEFAULT_SOURCES` has them: table names suffixed, in the tenant's database, on its
 * managed connection, other sources named by id.
 */
export function seedSources(seeds: readonly SeedSource[], input: SeedInput): SeededSource[] {
  const { tenantId, teamId, connectionId, database, ids } = input;
  const idOf = new Map(seeds.map(({ name }, i) => [name, ids[i]]));
  return seeds.map((seed, i) => {
    const _id = ids[i];
    if (_id === undefined) throw new Error('there are fewer ids than default sources');
    const links = Object.entries(seed).filter(([field]) => isReference(field));
    const linked = links.flatMap(([field, name]) => {
      const id = typeof name === 'string' ? idOf.get(name) : undefined;
      return id === undefined ? [] : [[field, id] as const];
    });
    const unlinked = Object.entries(seed).filter(([field]) => !isReference(field));
    const source = { ...Object.fromEntries([...unlinked, ...linked]), _id, team: teamId };
    // Same kind, same fields: names were replaced by ids.
    const document = { ...source, connection: connectionId } as unknown as SeededSource;
    return suffixSource(inDatabase(document, database), tenantId);
  });
}

function inDatabase(source: SeededSource, databaseName: string): SeededSource {
  const moved = { ...source, from: { ...source.from, databaseName } };
  if (!('materializedViews' in moved) || !Array.isArray(moved.materializedViews)) return moved;
  const views = moved.materializedViews as object[];
  return {
    ...moved,
    materializedViews: views.map((view) => ({ ...view, databaseName })),
  } as SeededSource;
}

function readList(variable: string, text: string | undefined): unknown[] | undefined {
  if (text === undefined) return undefined;
  try {
    return z.array(z.unknown()).parse(JSON.parse(text));
  } catch {
    // What is wrong with it is not repeated: DEFAULT_CONNECTIONS holds passwords.
    throw new SeedError(`${variable}: must be a JSON array`);
  }
}

function check<Schema extends z.ZodType>(
  variable: string,
  index: number,
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(
    ({ path, message }) => `${variable}[${index}]${path.map(step).join('')}: ${message}`,
  );
  throw new SeedError(faults.join('; '));
}

function step(key: PropertyKey): string {
  return typeof key === 'number' ? `[${key}]` : `.${String(key)}`;
}

function readSource(value: unknown, index: number, connections: readonly string[]): SeedSource {
  const source = check('DEFAULT_SOURCES', index, SourceInput, withLegacyTimestamp(value));
  try {
    scanDocument(source, NOBODY);
    suffixSource(source, NOBODY);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new SeedError(`DEFAULT_SOURCES[${index}]: ${message}`, { cause: error });
  }
  if (connections.length > 0 && !connections.includes(source.connection)) {
    throw new SeedError(
      `DEFAULT_SOURCES[${index}].connection: DEFAULT_CONNECTIONS has no connection of this name`,
    );
  }
  return withoutIds(source);
}

/** HyperDX's older seeds leave it out for sessions, and mean the column that HyperDX's table has for it. */
function withLegacyTimestamp(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const isSession = 'kind' in value && value.kind === 'session';
  return isSession && !('timestampValueExpression' in value)
    ? { ...value, timestampValueExpression: 'TimestampTime' }
    : value;
}

/** Ids of whatever database the seeds were taken from, `metricTables._id` among them, are no fields of a source. */
function withoutIds(source: SeedSource): SeedSource {
  const { _id, id, team, ...rest } = source;
  const kept = rest as unknown as SeedSource;
  if (kept.kind !== 'metric') return kept;
  const { _id: tablesId, id: tablesIdText, ...metricTables } = kept.metricTables;
  return { ...kept, metricTables: metricTables };
}

/** A reference to a source that is not there would be dropped in silence; two of one name would share their links. */
function checkNames(sources: readonly SeedSource[]): void {
  const names = new Set<string>();
  sources.forEach(({ name }, i) => {
    if (names.has(name)) {
      throw new SeedError(`DEFAULT_SOURCES[${i}].name: another source has this name`);
    }
    names.add(name);
  });
  sources.forEach((source, i) => {
    for (const [field, value] of Object.entries(source)) {
      if (!isReference(field) || value == null || value === '') continue;
      if (typeof value !== 'string' || !names.has(value)) {
        throw new SeedError(`DEFAULT_SOURCES[${i}].${field}: there is no source of this name`);
      }
    }
  });
}
