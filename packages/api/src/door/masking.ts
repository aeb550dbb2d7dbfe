import type { TenantId } from '@hyperdx-tenancy/domain/ids';

/** In place of a name that is not the reader's to know. */
const HIDDEN = '(hidden)';

/** The form of every tenant's names: tables, users, profiles. */
const TENANT_NAME = /\b\w+_([0-9a-f]{24})\b/g;

/**
 * Exceptions whose hints name columns, functions, formats or settings of what the caller asked for itself. The hints of
 * all others may name tables and databases of anybody: 16 NO_SUCH_COLUMN_IN_TABLE, 46 UNKNOWN_FUNCTION, 47
 * UNKNOWN_IDENTIFIER, 73 UNKNOWN_FORMAT, 115 UNKNOWN_SETTING.
 */
const HARMLESS_HINTS: ReadonlySet<number> = new Set([16, 46, 47, 73, 115]);

/** Up to the exception's own name in brackets, or the end of the line. */
const HINT = /\.? ?Maybe you meant[^\n]*?(?=\.? \([A-Z][A-Z0-9_]+\)|\n|$)/g;

/**
 * ClickHouse's text of an exception, without names that are not this tenant's.
 * @param code of the exception.
 */
export function maskNames(text: string, code: number, own: TenantId): string {
  const hinted = HARMLESS_HINTS.has(code) ? text : text.replace(HINT, '');
  return hinted.replace(TENANT_NAME, (name, id: string) => (id === own ? name : HIDDEN));
}
