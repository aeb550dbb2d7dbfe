import { TenancyError } from '../errors';
import type { TenantId } from '../ids';
import { getTenantTableName, parseTenantFromTableName } from '../ids';
import type { ObservedObject } from '../tables';
import { schemaVersion, templates } from '../tables';
import { recognise } from '../tables/plan';
import { applyAgain, listed } from './fault';
import type { Fault } from './fault';

/** Compares a tenant's tables and views with those that it should have. */
export function* compareTables(
  tenantId: TenantId,
  found: ReadonlyMap<string, ObservedObject>,
): Generator<Fault> {
  const of = (severity: Fault['severity'], message: string, fix: string): Fault => {
    return { check: 'tables.present', severity, tenant: tenantId, message, fix };
  };
  const missing: string[] = [];
  const older: string[] = [];
  for (const { base, kind } of templates) {
    const name = getTenantTableName(base, tenantId);
    const object = found.get(name);
    if (!object) {
      missing.push(name);
      continue;
    }
    try {
      const comment = recognise(object, kind);
      if (comment && comment.schemaVersion < schemaVersion) older.push(name);
    } catch (error) {
      if (!(error instanceof TenancyError)) throw error;
      yield of(
        'error',
        error.message,
        'Find out whose it is: move it away under another name, and have the missing table made.',
      );
    }
  }
  if (missing.length > 0) {
    yield of(
      'error',
      `Tables or views are missing: ${listed(missing)}.`,
      `${applyAgain(tenantId)} What they held is gone.`,
    );
  }
  if (older.length > 0) {
    yield of(
      'warning',
      `Of an older schema version than ${schemaVersion}: ${listed(older)}.`,
      applyAgain(tenantId),
    );
  }
}

/** Tables with the name of a tenant's that belong to no tenant: one finding for each id. */
export function* findOrphanTables(
  names: Iterable<string>,
  isKnown: (tenantId: string) => boolean,
): Generator<Fault> {
  const byOwner = new Map<string, string[]>();
  for (const name of names) {
    const id = parseTenantFromTableName(name)?.tenantId;
    if (id === undefined || isKnown(id)) continue;
    const list = byOwner.get(id) ?? [];
    byOwner.set(id, list);
    list.push(name);
  }
  for (const [, tables] of [...byOwner].sort(([a], [b]) => (a < b ? -1 : 1))) {
    yield {
      check: 'tables.present',
      severity: 'warning',
      tenant: null,
      message: `Tables that belong to no tenant: ${listed(tables.sort())}.`,
      fix: 'DROP them, once it is clear that nobody needs what they hold.',
    };
  }
}
