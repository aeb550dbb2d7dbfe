import type { Grant } from '../access';
import { definerGrants, viewsDefiner } from '../access';
import type { TenantId } from '../ids';
import { parseTenantFromTableName } from '../ids';
import { quoteIdentifier } from '../tables/quote';
import { applyAgain, listed, shareAgain } from './fault';
import type { Fault } from './fault';
import type { ObservedGrant } from './observed';

/** One privilege on one place: what is compared. */
function keyOf({
  privilege,
  database,
  table,
  column,
}: Omit<ObservedGrant, 'isRevoke' | 'grantOption'>): string {
  const what = column === null ? privilege : `${privilege}(${column})`;
  return `${what} ON ${database ?? '*'}.${table ?? '*'}`;
}

function keysOf(grants: readonly Grant[]): Set<string> {
  return new Set(
    grants.flatMap(({ privileges, database, table = null }) =>
      privileges.map((privilege) => keyOf({ privilege, database, table, column: null })),
    ),
  );
}

interface Comparison {
  /** Stated and not there. */
  missing: string[];
  /** There and not stated. */
  extra: ObservedGrant[];
  /** With grant option. */
  grantable: string[];
  /** Taken away again in part. */
  revoked: string[];
}

function compare(desired: ReadonlySet<string>, found: readonly ObservedGrant[]): Comparison {
  const granted = found.filter(({ isRevoke }) => !isRevoke);
  const there = new Set(granted.map(keyOf));
  return {
    missing: [...desired].filter((key) => !there.has(key)).sort(),
    extra: granted.filter((grant) => !desired.has(keyOf(grant))),
    grantable: granted
      .filter(({ grantOption }) => grantOption)
      .map(keyOf)
      .sort(),
    revoked: found
      .filter(({ isRevoke }) => isRevoke)
      .map(keyOf)
      .sort(),
  };
}

/** What a user has too much, said so that the worst comes first: other tenants' tables. */
function extraOf(extra: readonly ObservedGrant[], tenantId: TenantId | null): string {
  const isForeign = ({ table }: ObservedGrant): boolean => {
    const owner = table === null ? undefined : parseTenantFromTableName(table)?.tenantId;
    return owner !== undefined && owner !== tenantId;
  };
  const foreign = tenantId === null ? [] : extra.filter(isForeign);
  const others = extra.filter((grant) => !foreign.includes(grant));
  return [
    foreign.length > 0 && `on tables of other tenants: ${listed(foreign.map(keyOf).sort())}`,
    others.length > 0 && listed(others.map(keyOf).sort()),
  ]
    .filter((part) => part !== false)
    .join('; ');
}

export interface GrantsExpectation {
  tenantId: TenantId;
  user: string;
  /** Any of these is right. */
  grants: readonly [readonly Grant[], ...(readonly Grant[])[]];
}

/** Compares the grants of one user of a tenant with what they should be. */
export function* compareGrants(
  { tenantId, user, grants }: GrantsExpectation,
  found: readonly ObservedGrant[],
): Generator<Fault> {
  const of = (message: string, fix: string): Fault => {
    return { check: 'access.grants', severity: 'error', tenant: tenantId, message, fix };
  };
  const results = grants.map((right) => compare(keysOf(right), found));
  const [first] = results;
  const result = results.find(({ missing, extra }) => missing.length + extra.length === 0) ?? first;
  if (!result) return;
  const { missing, extra, grantable, revoked } = result;
  if (extra.length > 0) {
    yield of(
      `User ${user} has grants that it should not have: ${extraOf(extra, tenantId)}.`,
      `REVOKE them FROM ${quoteIdentifier(user)}, and find out who granted them. ${applyAgain(tenantId)}`,
    );
  }
  if (missing.length > 0) {
    yield of(`User ${user} lacks grants: ${listed(missing)}.`, applyAgain(tenantId));
  }
  if (grantable.length > 0) {
    yield of(
      `User ${user} may hand on its rights (grant option): ${listed(grantable)}.`,
      applyAgain(tenantId),
    );
  }
  if (revoked.length > 0) {
    yield of(
      `User ${user} has lost a part of its grants: ${listed(revoked)}.`,
      applyAgain(tenantId),
    );
  }
}

/** Another target may be another database of the same server, and its views run as the same user. */
function isOfNoTarget({ privilege, database, table }: ObservedGrant): boolean {
  const ofViews = privilege === 'SELECT' || privilege === 'INSERT';
  return !ofViews || database === null || database === 'system' || table !== null;
}

/** Compares the grants of the user that views run as. */
export function* compareDefinerGrants(
  database: string,
  found: readonly ObservedGrant[],
): Generator<Fault> {
  const { missing, extra, grantable, revoked } = compare(keysOf(definerGrants(database)), found);
  const of = (message: string): Fault => {
    return { check: 'access.definer', severity: 'error', tenant: null, message, fix: shareAgain };
  };
  const lost = [...missing, ...revoked];
  if (lost.length > 0) yield of(`User ${viewsDefiner} lacks grants: ${listed(lost)}.`);
  const tooMuch = [...extra.filter(isOfNoTarget).map(keyOf).sort(), ...grantable];
  if (tooMuch.length > 0) {
    yield of(`User ${viewsDefiner} has grants that it should not have: ${listed(tooMuch)}.`);
  }
}

/** A role brings whatever it was granted, today and later. */
export function* compareRoles(
  tenantId: TenantId | null,
  user: string,
  roles: readonly string[],
): Generator<Fault> {
  if (roles.length === 0) return;
  yield {
    check: 'access.roles',
    severity: 'error',
    tenant: tenantId,
    message: `User ${user} has roles, and with them other grants than its own: ${listed([...roles].sort())}.`,
    fix: `REVOKE these roles FROM ${quoteIdentifier(user)}.`,
  };
}
