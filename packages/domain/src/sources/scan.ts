import { TenancyError } from '../errors';
import type { TenantId } from '../ids';

/** MongoDB takes 100 levels of nesting in a document; nothing that HyperDX stores comes near it. */
const MAX_DEPTH = 64;

/** A name that ends in a tenant's id, wherever it stands: alone, in an expression, in quotes. */
const TENANT_NAME = /[A-Za-z0-9_]_([a-f0-9]{24})(?![A-Za-z0-9_])/g;

/** Names that reach an object's prototype instead of a field; and the one by which MongoDB's driver knows its own types. */
const RESERVED_NAMES: ReadonlySet<string> = new Set([
  '__proto__',
  'constructor',
  'prototype',
  '_bsontype',
]);

/**
 * Looks through everything that a document carries, fields included that nobody here knows: none may name another
 * tenant's table, and no field may have a name that MongoDB or mongoose reads as something else (`a.b` is a path into the
 * document, so `{"from.tableName": "x"}` would replace what was checked; `$set` is an operator).
 * @throws TenancyError naming the field: `foreign_table`, `invalid_request`.
 */
export function scanDocument(document: unknown, tenantId: TenantId): void {
  // No recursion: what came may be nested as deep as a body is long.
  const pending: { value: unknown; path: string; depth: number }[] = [
    { value: document, path: '', depth: 0 },
  ];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, path, depth } = next;
    if (typeof value === 'string') refuseForeign(value, path, tenantId);
    if (typeof value !== 'object' || value === null) continue;
    if (depth === MAX_DEPTH) refuse(path, `is nested deeper than ${MAX_DEPTH} levels`);
    for (const [name, child] of Object.entries(value)) {
      const childPath = Array.isArray(value) ? `${path}[${name}]` : join(path, name);
      if (!Array.isArray(value)) {
        checkName(name, childPath);
        refuseForeign(name, childPath, tenantId);
      }
      pending.push({ value: child, path: childPath, depth: depth + 1 });
    }
  }
}

function checkName(name: string, path: string): void {
  if (RESERVED_NAMES.has(name) || name.startsWith('$') || /[.\0]/.test(name)) {
    refuse(path, 'cannot be the name of a field');
  }
}

function refuseForeign(text: string, path: string, tenantId: TenantId): void {
  for (const [, id] of text.matchAll(TENANT_NAME)) {
    if (id === tenantId) continue;
    // The path may carry the id as well, where a field is called so.
    const where = path.replace(/_[a-f0-9]{24}/g, '_...');
    throw new TenancyError('foreign_table', `${where}: names a table of another tenant.`);
  }
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function refuse(path: string, problem: string): never {
  throw new TenancyError('invalid_request', `${path || 'body'}: ${problem}.`);
}
