import { TenancyError } from '../errors';
import type { TenantId } from '../ids';
import { getTenantTableName } from '../ids';

/** A table name that a source carries, and the field it stands in, such as `metricTables.gauge`. */
export interface SourceTable {
  path: string;
  table: string;
}

type Json = Record<string, unknown>;
type MapTable = (table: string, path: string) => string;

/**
 * A copy of a source with each of its table names replaced by what `fn` makes of it. The fields are those of
 * HyperDX 2.36; all others stay as they are, and so do empty names (a metric source has one in `from`).
 * Whatever kind the source says it is: each of these fields is looked at, since HyperDX stores fields of another kind.
 * @throws TenancyError `invalid_table_name` naming the field where it does not hold what a source holds there.
 */
export function mapSourceTables<T extends object>(source: T, fn: MapTable): T {
  const copy = record(source, '');
  within(copy, 'from', '', (from, path) => mapField(from, 'tableName', path, fn));
  within(copy, 'metricTables', '', (tables, path) => {
    for (const kind of Object.keys(tables)) {
      // HyperDX's stock DEFAULT_SOURCES carries the ids of a Mongoose subdocument here.
      if (kind !== '_id' && kind !== 'id') mapField(tables, kind, path, fn);
    }
  });
  mapField(copy, 'seriesTable', '', fn);
  within(copy, 'metadataMaterializedViews', '', (views, path) => {
    mapField(views, 'keyRollupTable', path, fn);
    mapField(views, 'kvRollupTable', path, fn);
  });
  if (isSet(copy, 'materializedViews')) {
    const views = copy.materializedViews;
    if (!Array.isArray(views)) refuse('materializedViews', 'must be a list');
    copy.materializedViews = views.map((view: unknown, i) => {
      const path = `materializedViews[${i}]`;
      const viewCopy = record(view, path);
      mapField(viewCopy, 'tableName', path, fn);
      return viewCopy;
    });
  }
  // Same fields, same types: names were replaced by names.
  return copy as T;
}

/** Every table name a source carries, empty ones left out. @throws as {@link mapSourceTables}. */
export function listSourceTables(source: object): SourceTable[] {
  const tables: SourceTable[] = [];
  mapSourceTables(source, (table, path) => {
    tables.push({ path, table });
    return table;
  });
  return tables;
}

/**
 * A copy of a source that reads this tenant's tables: the tenant's suffix appended to every table name, once.
 * @throws TenancyError naming the field: `foreign_table` where a name ends in another tenant's id (which is not
 *   repeated), `invalid_table_name` where it is no plain identifier.
 */
export function suffixSource<T extends object>(source: T, tenantId: TenantId): T {
  return mapSourceTables(source, (table, path) => {
    try {
      return getTenantTableName(table, tenantId);
    } catch (error) {
      if (!(error instanceof TenancyError)) throw error;
      throw new TenancyError(error.code, `${path}: ${error.message}`, { cause: error });
    }
  });
}

/** Replaces one object field by a copy that `change` may write to. */
function within(
  parent: Json,
  field: string,
  parentPath: string,
  change: (copy: Json, path: string) => void,
): void {
  if (!isSet(parent, field)) return;
  const path = join(parentPath, field);
  const copy = record(parent[field], path);
  change(copy, path);
  parent[field] = copy;
}

function mapField(parent: Json, field: string, parentPath: string, fn: MapTable): void {
  if (!isSet(parent, field)) return;
  const path = join(parentPath, field);
  const value = parent[field];
  if (typeof value !== 'string') refuse(path, 'must be a table name');
  if (value !== '') parent[field] = fn(value, path);
}

/** Own fields only, so that nothing inherited passes for a field; null counts as absent, as HyperDX's API has it. */
function isSet(parent: Json, field: string): boolean {
  return Object.hasOwn(parent, field) && parent[field] != null;
}

/** A shallow copy of an object; lists, texts and objects that carry a prototype's name as a field are refused. */
function record(value: unknown, path: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    refuse(path, 'must be an object');
  }
  for (const field of ['__proto__', 'constructor', 'prototype']) {
    if (Object.hasOwn(value, field)) refuse(join(path, field), 'is no field of a source');
  }
  return { ...value };
}

function join(path: string, field: string): string {
  return path === '' ? field : `${path}.${field}`;
}

function refuse(path: string, problem: string): never {
  throw new TenancyError('invalid_table_name', `${path || 'source'}: ${problem}.`);
}
