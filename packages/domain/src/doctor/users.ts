import type { UserAccess } from '../access';
import { viewsDefiner } from '../access';
import type { TenantId } from '../ids';
import { applyAgain, listed, shareAgain } from './fault';
import type { Fault } from './fault';
import type { ObservedElement, ObservedUser } from './observed';

/** What both users of a tenant were made with: `IDENTIFIED WITH sha256_hash`. */
const AUTH = 'sha256_password';
const ANY_HOST = '::/0';

export interface UserExpectation {
  tenantId: TenantId;
  access: UserAccess;
  /** Two passwords are right for a while. */
  rotating: boolean;
}

/** Compares one user of a tenant with what it should be. */
export function* compareUser(
  { tenantId, access, rotating }: UserExpectation,
  found: readonly ObservedUser[],
  settings: readonly ObservedElement[],
): Generator<Fault> {
  const { user } = access;
  const of = (severity: Fault['severity'], message: string, fix?: string): Fault => {
    return {
      check: 'access.users',
      severity,
      tenant: tenantId,
      message,
      fix: fix ?? applyAgain(tenantId),
    };
  };
  if (found.length === 0) {
    yield of('error', `User ${user} is missing.`);
    return;
  }
  if (found.length > 1) {
    yield of(
      'error',
      `There are ${found.length} users of the name ${user}, in several user directories of the server.`,
      "Remove the one that the server's own configuration names.",
    );
  }
  for (const one of found) {
    const odd = [...new Set(one.auth)].filter((auth) => auth !== AUTH).sort();
    if (odd.length > 0 || one.auth.length === 0) {
      yield of(
        'error',
        `User ${user} gets in by other means than its password: ${listed(odd) || 'none is stated'}.`,
        `Give the tenant's users their passwords again: tenant rotate --force (POST /tenancy/v1/tenants/${tenantId}/rotate with {"force": true}).`,
      );
    } else if (one.auth.length > (rotating ? 2 : 1)) {
      yield of(
        'warning',
        `User ${user} has ${one.auth.length} valid passwords.`,
        `Rotate the tenant's passwords: POST /tenancy/v1/tenants/${tenantId}/rotate.`,
      );
    }
    if (one.hosts.length !== 1 || one.hosts[0] !== ANY_HOST) {
      yield of('warning', `User ${user} may not come from every address.`);
    }
    if (one.hasGrantees) yield of('warning', `User ${user} may hand on rights.`);
    if (one.defaultDatabase !== access.database) {
      yield of(
        'warning',
        `User ${user} has the default database "${listed([one.defaultDatabase])}" instead of "${access.database}".`,
      );
    }
  }
  yield* compareUserSettings(access, settings, of);
}

/** A user has its profile, and nothing of its own beside it: that would hold instead of the profile. */
function* compareUserSettings(
  { user, profile }: UserAccess,
  settings: readonly ObservedElement[],
  of: (severity: Fault['severity'], message: string) => Fault,
): Generator<Fault> {
  if (!settings.some(({ inherits }) => inherits === profile)) {
    yield of('error', `User ${user} has not its settings profile ${profile}.`);
  }
  const others = settings.flatMap(({ setting, inherits }) => {
    if (setting !== null) return [setting];
    return inherits === null || inherits === profile ? [] : [`profile ${inherits}`];
  });
  if (others.length > 0) {
    yield of('error', `User ${user} has settings beside its profile: ${listed(others.sort())}.`);
  }
}

/** Compares the user that views run as, which nobody may log in as. */
export function* compareDefiner(found: readonly ObservedUser[]): Generator<Fault> {
  const of = (message: string): Fault => {
    return { check: 'access.definer', severity: 'error', tenant: null, message, fix: shareAgain };
  };
  if (found.length === 0) {
    yield of(
      `User ${viewsDefiner}, as which all views run, is missing: inserts into logs and traces fail.`,
    );
  }
  for (const { hosts, hasGrantees } of found) {
    if (hosts.length > 0) {
      yield of(
        `User ${viewsDefiner} may log in, and has rights on all tenants' tables: it comes from ${listed(hosts)}.`,
      );
    }
    if (hasGrantees) yield of(`User ${viewsDefiner} may hand on rights on all tenants' tables.`);
  }
}

const OURS = /^hdx_[rw]([pq]?)_([a-f0-9]{24})$/;

const kinds = { '': 'User', p: 'Settings profile', q: 'Quota' } as const;

/** Objects with the name of a tenant's that belong to no tenant. A user that nobody knows can still be somebody's. */
export function* findOrphans(
  names: Iterable<string>,
  isKnown: (tenantId: string) => boolean,
): Generator<Fault> {
  for (const name of [...names].sort()) {
    const [, suffix = '', id] = OURS.exec(name) ?? [];
    if (id === undefined || isKnown(id)) continue;
    const kind = suffix as keyof typeof kinds;
    yield {
      check: kind === '' ? 'access.users' : kind === 'p' ? 'access.profiles' : 'access.quotas',
      severity: kind === '' ? 'error' : 'warning',
      tenant: null,
      message: `${kinds[kind]} ${name} belongs to no tenant.`,
      fix: `DROP ${kinds[kind].toUpperCase()} ${name}, once it is clear that no other installation made it.`,
    };
  }
}
