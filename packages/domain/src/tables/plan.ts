import { TenancyError } from '../errors';
import { getTenantTableName, parseTenantFromTableName } from '../ids';
import type { TableComment } from './comment';
import { parseTableComment } from './comment';
import type { TablesAt } from './context';
import { templates } from './registry';
import type { Statement } from './render';
import { target } from './render';

/** An object that exists in the target's database, as `system.tables` shows it. */
export interface ObservedObject {
  name: string;
  /** `view` for the engine `MaterializedView`. */
  kind: 'table' | 'view';
  comment: string;
}

export type TableStep =
  | { action: 'create'; statement: Statement }
  /** `schemaVersion` of its COMMENT; `null` where it has none of ours, as a table adopted from an older install. */
  | { action: 'keep'; object: string; schemaVersion: number | null };

/**
 * What is left to do for a tenant's objects: what is missing is created, what exists is kept.
 * @throws TenancyError `foreign_table` where an object of that name is of another kind, or its COMMENT says
 *   that it was made for another tenant or as another table. Nothing is planned then.
 */
export function planTables(
  desired: readonly Statement[],
  observed: readonly ObservedObject[],
): TableStep[] {
  const existing = new Map(observed.map((object) => [object.name, object]));
  return desired.map((statement) => {
    const found = existing.get(statement.object);
    if (!found) return { action: 'create', statement };
    const schemaVersion = recognise(found, statement.kind)?.schemaVersion ?? null;
    return { action: 'keep', object: statement.object, schemaVersion };
  });
}

/**
 * What the COMMENT of an object says, where it is what its name says; `null` where it has none of ours.
 * @throws TenancyError `foreign_table` as {@link planTables}.
 */
export function recognise(
  found: ObservedObject,
  kind: ObservedObject['kind'],
): TableComment | null {
  if (found.kind !== kind) conflict(found.name, `is a ${found.kind}`);
  const comment = parseTableComment(found.comment);
  if (!comment) return null;
  const expected = parseTenantFromTableName(found.name);
  if (comment.tenantId !== expected?.tenantId) conflict(found.name, 'was made for another tenant');
  if (comment.base !== expected.base) conflict(found.name, 'was made as another table');
  return comment;
}

function conflict(object: string, reason: string): never {
  throw new TenancyError('foreign_table', `${object} exists already and ${reason}.`);
}

/**
 * The statements that remove all of a tenant's objects: views first, since a view without its rollup fails every
 * insert into the base table. `SYNC`, so that the name and its Keeper path are free when the statement answers.
 * A table above `max_table_size_to_drop` (50 GB by default) needs that setting raised for the statement.
 */
export function planDrop(at: TablesAt): Statement[] {
  return templates.toReversed().map(({ base, kind }) => ({
    object: getTenantTableName(base, at.tenantId),
    kind,
    sql: `DROP ${kind === 'view' ? 'VIEW' : 'TABLE'} IF EXISTS ${target(base, at)} SYNC`,
  }));
}
