import type { ServerSetting, TenantAccess, UserAccess } from '../access';
import { readerPins, viewsDefiner, withoutInserts } from '../access';
import type { Fault } from './fault';
import { compareDefinerGrants, compareGrants, compareRoles } from './grants';
import type { GrantsExpectation } from './grants';
import type { ObservedAccess } from './observed';
import { comparePins, compareProfile } from './profiles';
import type { Resolve } from './profiles';
import { compareQuota } from './quotas';
import { compareDefiner, compareUser, findOrphans } from './users';

/** A tenant whose users there should be. */
export interface ExpectedTenant {
  access: TenantAccess;
  /** Its writer inserts nothing, and its reader reads or does not. */
  suspended: boolean;
  /** New passwords are under way: two of them are right. */
  rotating: boolean;
  /** Other settings are under way to ClickHouse: what differs by them is no fault yet. */
  settling: boolean;
}

function rightGrants({ access, suspended }: ExpectedTenant, user: UserAccess) {
  const { grants } = user;
  const right: GrantsExpectation['grants'] = !suspended
    ? [grants]
    : user.role === 'reader'
      ? [grants, []]
      : [withoutInserts(access).writer.grants];
  return { tenantId: access.tenantId, user: user.user, grants: right };
}

function* compareRole(
  expected: ExpectedTenant,
  user: UserAccess,
  observed: ObservedAccess,
  resolve: Resolve,
): Generator<Fault> {
  const { tenantId } = expected.access;
  const found = observed.users.get(user.user) ?? [];
  const settings = observed.userSettings.get(user.user) ?? [];
  yield* compareUser({ tenantId, access: user, rotating: expected.rotating }, found, settings);
  // What a user that is not there lacks besides goes without saying.
  if (found.length > 0) {
    yield* compareGrants(rightGrants(expected, user), observed.grants.get(user.user) ?? []);
    yield* compareRoles(tenantId, user.user, observed.roles?.get(user.user) ?? []);
  }
  yield* compareProfile(tenantId, user, observed.profiles.get(user.profile), resolve);
  yield* compareQuota(tenantId, user, observed.quotas.get(user.quota));
}

const settled = new Set<Fault['check']>(['access.profiles', 'access.quotas']);

/** Everything in which a tenant's users, grants, profiles and quotas differ from what they should be. */
export function* compareTenant(
  expected: ExpectedTenant,
  observed: ObservedAccess,
  resolve: Resolve,
): Generator<Fault> {
  const { reader, writer } = expected.access;
  for (const user of [reader, writer]) {
    for (const fault of compareRole(expected, user, observed, resolve)) {
      yield expected.settling && settled.has(fault.check)
        ? { ...fault, severity: 'info', message: `${fault.message} A change is under way.` }
        : fault;
    }
  }
}

/** The same for what all tenants of a target share. */
export function* compareShared(
  { database, settings }: { database: string; settings: readonly ServerSetting[] },
  observed: ObservedAccess,
  resolve: Resolve,
): Generator<Fault> {
  const found = observed.users.get(viewsDefiner) ?? [];
  yield* compareDefiner(found);
  if (found.length > 0) {
    yield* compareDefinerGrants(database, observed.grants.get(viewsDefiner) ?? []);
    yield* compareRoles(null, viewsDefiner, observed.roles?.get(viewsDefiner) ?? []);
  }
  yield* comparePins(settings, observed.profiles.get(readerPins), resolve);
}

/** Users, profiles and quotas of tenants that there are not. */
export function orphans(
  { users, profiles, quotas }: ObservedAccess,
  isKnown: (tenantId: string) => boolean,
): Generator<Fault> {
  return findOrphans([...users.keys(), ...profiles.keys(), ...quotas.keys()], isKnown);
}
