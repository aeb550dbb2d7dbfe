import type { BaseName } from './names';
import type { SiteTable, SiteTemplates } from './siteTable';

/**
 * A mark of what a site adds to one table: 8 hexadecimal digits that change with any of it, but not with the order in
 * which it is stated. FNV-1a over UTF-16 code units: it tells a change from none and protects against nobody.
 */
export function siteHash({ columns, indexes }: SiteTable): string {
  const text = JSON.stringify([
    byName(columns).map((column) => [
      column.name,
      column.type,
      column.codec,
      column.default,
      column.materialized,
      column.alias,
      column.comment,
    ]),
    byName(indexes).map((index) => [index.name, index.expression, index.type, index.granularity]),
  ]);
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/** What the COMMENT of a table says of its site's additions; `undefined` where there are none. */
export function siteMark(site: SiteTemplates | undefined, base: BaseName): string | undefined {
  const table = site?.[base];
  if (!table || table.columns.length + table.indexes.length === 0) return undefined;
  return siteHash(table);
}

function byName<T extends { name: string }>(items: readonly T[]): T[] {
  return items.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
