import { getTenantTableName } from '../ids';
import type { TablesContext } from './context';
import { withSite } from './mergeSite';
import type { ObservedObject } from './plan';
import { recognise } from './plan';
import type { TemplateSet } from './registry';
import { currentTemplates, siteBases } from './registry';
import type { Statement } from './render';
import { renderColumn, renderComment, renderIndex, target } from './render';
import { siteMark } from './siteHash';
import { toColumn, toSkipIndex } from './siteTable';
import type { TableTemplate } from './template';

/** A table that exists, with its columns and skip indexes as `system.columns` and `system.data_skipping_indices` show them. */
export interface ObservedTable extends ObservedObject {
  /** `kind`: `default_kind`, such as `MATERIALIZED`; empty for a plain column. */
  columns: readonly { name: string; type: string; kind: string }[];
  /** `type`: `type_full`, such as `bloom_filter(0.01)`. */
  indexes: readonly { name: string; type: string }[];
}

/** A column or an index of one table. */
export interface SiteItem {
  object: string;
  part: 'column' | 'index';
  name: string;
}

export interface SitePlan {
  /** In the order to run them; running them again changes nothing. */
  statements: Statement[];
  /** What neither the templates nor the site know (any more): it stays, since dropping it would drop data. */
  left: SiteItem[];
  /** What is there otherwise than the site says; it stays as it is. */
  conflicts: (SiteItem & { found: string; wanted: string })[];
}

/**
 * What brings the tables that a tenant has to what the site says now: missing columns and indexes are added, changed
 * expressions, codecs and comments restated, nothing is dropped and no data rewritten (rows stored before get an added
 * column's value when they are read). Tables that are missing are {@link planTables}' matter.
 *
 * A table's COMMENT says what was carried out last: it is changed after everything else, and not while there is a
 * conflict. In a table without a COMMENT of ours only what is missing is added.
 * @throws TenancyError `foreign_table` as {@link planTables}, `invalid_request` for additions that cannot be.
 */
export function planSite(
  context: TablesContext,
  observed: readonly ObservedTable[],
  set: TemplateSet = currentTemplates,
): SitePlan {
  const plan: SitePlan = { statements: [], left: [], conflicts: [] };
  const tables = new Map(observed.map((table) => [table.name, table]));
  for (const template of set.templates) {
    const found = tables.get(getTenantTableName(template.base, context.tenantId));
    if (!found || template.kind !== 'table' || !siteBases.includes(template.base)) continue;
    planTable(template, found, context, plan);
  }
  return plan;
}

function planTable(
  template: TableTemplate,
  found: ObservedTable,
  context: TablesContext,
  plan: SitePlan,
): void {
  const comment = recognise(found, 'table');
  const restate = comment !== null && comment.site !== siteMark(context.site, template.base);
  const { changes, conflicts } = compare(template, found, context, restate);
  plan.left.push(...leftovers(withSite(template, context.site), found));
  plan.conflicts.push(...conflicts);

  const at = target(template.base, context);
  const alter = (commands: string): Statement => ({
    object: found.name,
    kind: 'table',
    sql: `ALTER TABLE ${at}\n  ${commands}`,
  });
  if (changes.length > 0) plan.statements.push(alter(changes.join(',\n  ')));
  if (!restate || conflicts.length > 0) return;
  // Alone in its statement: only so does ON CLUSTER run it on every replica, which each keep a COMMENT of their own. The
  // version stays that of the templates that made the table.
  const text = renderComment(template.base, context, comment.schemaVersion);
  plan.statements.push(alter(`MODIFY COMMENT ${text}`));
}

/** @param restate whether what is there already may have changed in more than its name and type. */
function compare(
  template: TableTemplate,
  found: ObservedTable,
  context: TablesContext,
  restate: boolean,
): { changes: string[]; conflicts: SitePlan['conflicts'] } {
  // Refuses, as a CREATE would, what cannot stand in a statement.
  withSite(template, context.site);
  const site = context.site?.[template.base];
  const changes: string[] = [];
  const conflicts: SitePlan['conflicts'] = [];
  const columns = new Map(found.columns.map((column) => [column.name, column]));
  for (const column of (site?.columns ?? []).map(toColumn)) {
    const there = columns.get(column.name);
    const wanted = [column.type, column.computed?.kind].filter(Boolean).join(' ');
    const is = [there?.type, there?.kind].filter(Boolean).join(' ');
    if (!there) changes.push(`ADD COLUMN IF NOT EXISTS ${renderColumn(column)}`);
    else if (!sameText(is, wanted)) {
      conflicts.push({ object: found.name, part: 'column', name: column.name, found: is, wanted });
    } else if (restate) changes.push(`MODIFY COLUMN IF EXISTS ${renderColumn(column)}`);
  }
  const indexes = new Map(found.indexes.map((index) => [index.name, index]));
  for (const index of (site?.indexes ?? []).map(toSkipIndex)) {
    const { name, type: wanted } = index;
    const there = indexes.get(name);
    if (!there) {
      changes.push(`ADD INDEX IF NOT EXISTS ${renderIndex(index)}`);
    } else if (!sameText(there.type, wanted)) {
      conflicts.push({ object: found.name, part: 'index', name, found: there.type, wanted });
    }
  }
  return { changes, conflicts };
}

function leftovers({ columns, indexes }: TableTemplate, found: ObservedTable): SiteItem[] {
  const known = { column: names(columns), index: names(indexes) };
  const unknown = (part: SiteItem['part'], items: readonly { name: string }[]): SiteItem[] =>
    items
      .filter(({ name }) => !known[part].has(name))
      .map(({ name }) => ({ object: found.name, part, name }));
  return [...unknown('column', found.columns), ...unknown('index', found.indexes)];
}

function names(items: readonly { name: string }[]): Set<string> {
  return new Set(items.map(({ name }) => name));
}

/** ClickHouse prints types with its own spaces. */
function sameText(a: string, b: string): boolean {
  return a.replaceAll(' ', '') === b.replaceAll(' ', '');
}
