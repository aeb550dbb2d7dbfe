import { accessFor, pinnedNames, quotaResources, readerPins, viewsDefiner } from '../../access';
import type { AccessOptions, Grant, ServerSetting, TenantAccess, UserAccess } from '../../access';
import { parseTenantId } from '../../ids';
import type {
  ObservedAccess,
  ObservedElement,
  ObservedGrant,
  ObservedQuota,
  ObservedUser,
} from '../observed';

export const database = 'otel';
export const a = parseTenantId('65f0c0ffee0000000000aaaa');
export const b = parseTenantId('65f0c0ffee0000000000bbbb');

/** A server of a few settings, one of them an alias. */
export const serverSettings: readonly ServerSetting[] = [
  ...['enable_analyzer', 'max_execution_time', 'max_threads', 'max_block_size', 'readonly'].map(
    (name) => ({ name, aliasFor: '' }),
  ),
  { name: 'allow_experimental_analyzer', aliasFor: 'enable_analyzer' },
];

export const accessOf = (options: Partial<AccessOptions> = {}): TenantAccess =>
  accessFor({ tenantId: a, database, serverSettings, readerMode: 'pins', ...options });

/** {@link ObservedAccess}, to be changed. */
export interface Server extends ObservedAccess {
  users: Map<string, ObservedUser[]>;
  grants: Map<string, ObservedGrant[]>;
  roles: Map<string, string[]>;
  profiles: Map<string, ObservedElement[]>;
  userSettings: Map<string, ObservedElement[]>;
  quotas: Map<string, ObservedQuota>;
}

export const grant = (privilege: string, on: string, more: Partial<ObservedGrant> = {}) => {
  const [first = '', table = '*'] = on.split('.');
  return {
    privilege,
    database: first,
    table: table === '*' ? null : table,
    column: null,
    isRevoke: false,
    grantOption: false,
    ...more,
  };
};

export const element = (more: Partial<ObservedElement>): ObservedElement => ({
  setting: null,
  value: null,
  min: null,
  max: null,
  writability: null,
  inherits: null,
  ...more,
});

const observedGrants = (grants: readonly Grant[]): ObservedGrant[] =>
  grants.flatMap(({ privileges, database: of, table = '*' }) =>
    privileges.map((privilege) => grant(privilege, `${of}.${table}`)),
  );

function add(server: Server, access: UserAccess): void {
  const { user, profile, quota, inherits, intervals, settings } = access;
  server.users.set(user, [
    {
      name: user,
      auth: ['sha256_password'],
      hosts: ['::/0'],
      hasGrantees: false,
      defaultDatabase: access.database,
    },
  ]);
  server.grants.set(user, observedGrants(access.grants));
  server.userSettings.set(user, [element({ inherits: profile })]);
  server.profiles.set(profile, [
    ...(inherits === undefined ? [] : [element({ inherits })]),
    ...settings.map(({ name, access: how, value, min, max }) =>
      element({
        setting: name,
        value: value === undefined ? null : String(value),
        min: min === undefined ? null : String(min),
        max: max === undefined ? null : String(max),
        writability: how === 'const' ? 'CONST' : 'WRITABLE',
      }),
    ),
  ]);
  server.quotas.set(quota, {
    name: quota,
    users: [user],
    isKeyed: false,
    appliesToAll: false,
    intervals: intervals.map((interval) => ({
      seconds: interval.seconds,
      limits: Object.fromEntries(
        Object.entries(quotaResources).flatMap(([key, name]) => {
          const limit = interval[key as keyof typeof quotaResources];
          return limit === undefined ? [] : [[name, limit]];
        }),
      ),
    })),
  });
}

/** What a server shows when everything is as the statements make it. */
export function healthy(...tenants: TenantAccess[]): Server {
  const server: Server = {
    users: new Map(),
    grants: new Map([
      [viewsDefiner, [grant('SELECT', `${database}.*`), grant('INSERT', `${database}.*`)]],
    ]),
    roles: new Map(),
    profiles: new Map([
      [
        readerPins,
        pinnedNames(serverSettings).map((setting) => element({ setting, writability: 'CONST' })),
      ],
    ]),
    userSettings: new Map(),
    quotas: new Map(),
  };
  server.users.set(viewsDefiner, [
    {
      name: viewsDefiner,
      auth: ['sha256_password'],
      hosts: [],
      hasGrantees: false,
      defaultDatabase: '',
    },
  ]);
  for (const { reader, writer } of tenants) {
    add(server, reader);
    add(server, writer);
  }
  return server;
}
