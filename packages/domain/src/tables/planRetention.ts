import { getTenantTableName } from '../ids';
import type { Retention, TablesContext } from './context';
import { checkContext } from './context';
import type { TemplateSet } from './registry';
import { currentTemplates } from './registry';
import type { Statement } from './render';
import { renderTtl, target } from './render';

/**
 * The statements that give a tenant's tables the retention of `context`: base tables and rollups of every signal whose
 * retention is not what `previous` says; without `previous`, of all. A TTL that is in force already changes nothing, so
 * after a crash they can run again.
 *
 * Each starts a mutation that computes the parts' new ends of life. It links their data and writes only the time column
 * anew (and block numbers), of parts below `min_bytes_for_wide_part` (10 MB by default) everything (ClickHouse 26.7; a test holds it to that).
 * Rows go with their whole part, once its last row is past its end: the tables have `ttl_only_drop_parts`.
 * @throws TenancyError `invalid_request` for hours that no table can have.
 */
export function planRetention(
  context: TablesContext,
  previous?: Retention,
  set: TemplateSet = currentTemplates,
): Statement[] {
  checkContext(context);
  return set.templates.flatMap((template): Statement[] => {
    const { base, kind, signal } = template;
    if (kind === 'view' || previous?.[signal] === context.retention[signal]) return [];
    return [
      {
        object: getTenantTableName(base, context.tenantId),
        kind,
        sql: `ALTER TABLE ${target(base, context)} MODIFY TTL ${renderTtl(template, context)}`,
      },
    ];
  });
}
