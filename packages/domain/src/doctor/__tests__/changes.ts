import { compareShared, compareTenant } from '../access';
import type { ExpectedTenant } from '../access';
import type { DoctorCheck } from '../checks';
import type { Fault } from '../fault';
import type { ObservedElement, ObservedUser } from '../observed';
import { resolver } from '../profiles';
import { accessOf, b, database, healthy, serverSettings } from './fixtures';
import type { grant, Server } from './fixtures';

export const access = accessOf({
  quota: { reader: [{ seconds: 3_600, queries: 100, readRows: 5_000 }] },
});
export const other = accessOf({ tenantId: b });
export const resolve = resolver(serverSettings);

export const usual = { access, suspended: false, rotating: false, settling: false };

export const tenantFaults = (server: Server, more: Partial<ExpectedTenant> = {}): Fault[] => [
  ...compareTenant({ ...usual, ...more }, server, resolve),
];
export const sharedFaults = (server: Server, settings = serverSettings): Fault[] => [
  ...compareShared({ database, settings }, server, resolver(settings)),
];

/** A server on which one thing is changed. */
export function changed(change: (server: Server) => void): Server {
  const server = healthy(access, other);
  change(server);
  return server;
}
export const setUser = (server: Server, name: string, more: Partial<ObservedUser>): void => {
  server.users.set(
    name,
    (server.users.get(name) ?? []).map((one) => ({ ...one, ...more })),
  );
};
export const setElement = (
  server: Server,
  profile: string,
  name: string,
  more: Partial<ObservedElement>,
) => {
  server.profiles.set(
    profile,
    (server.profiles.get(profile) ?? []).map((one) =>
      one.setting === name ? { ...one, ...more } : one,
    ),
  );
};
export const removeElements = (
  server: Server,
  profile: string,
  isGone: (one: ObservedElement) => boolean,
) => {
  server.profiles.set(
    profile,
    (server.profiles.get(profile) ?? []).filter((one) => !isGone(one)),
  );
};
export const grantTo = (
  server: Server,
  name: string,
  ...more: ReturnType<typeof grant>[]
): void => {
  server.grants.set(name, [...(server.grants.get(name) ?? []), ...more]);
};
export const revokeFrom = (server: Server, name: string, table: string): void => {
  server.grants.set(
    name,
    (server.grants.get(name) ?? []).filter((one) => one.table !== table),
  );
};

/** One deviation, and what is found because of it. */
export type Case = [
  what: string,
  check: DoctorCheck,
  severity: string,
  says: string,
  (s: Server) => void,
];
