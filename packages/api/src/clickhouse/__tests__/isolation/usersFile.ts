import type { QuotaInterval, SettingRule, UserAccess } from '@hyperdx-tenancy/domain/access';
import { quotaResources } from '@hyperdx-tenancy/domain/access';

/** The one user that the embedded engine runs everything as. */
export interface EngineUser {
  settings: readonly SettingRule[];
  /** Statements. */
  grants: readonly string[];
  intervals?: readonly QuotaInterval[];
  /** Settings that nothing may change, besides those in `settings`. */
  pins?: readonly string[];
}

/** Another user, whom nobody is; with a profile and a quota of its own, named after it. */
export interface OtherUser {
  name: string;
  grants: readonly string[];
}

// Not `default`: what that one constrains, it constrains for whoever takes another profile too.
const tenantProfile = 'tenant';

/** What the engine needs of a tenant's user; its name is left out, since the engine knows but `default`. */
export function engineUser(access: UserAccess, pins: readonly string[] = []): EngineUser {
  const { settings, intervals, inherits } = access;
  const grants = access.grants.map(
    ({ privileges, database, table }) =>
      `GRANT ${privileges.join(', ')} ON ${database}.${table ?? '*'}`,
  );
  return { settings, grants, intervals, pins: inherits === undefined ? [] : pins };
}

/** A users file: profile, quota and grants of the same description that statements are made from. */
export function usersFile(user: EngineUser, others: readonly OtherUser[]): string {
  const values = user.settings.flatMap(({ name, value }) =>
    value === undefined ? [] : [element(name, String(value))],
  );
  // `changeable_in_readonly` is refused by the engine: under `readonly = 1` it can show none, with pins it needs none.
  const constraints = [
    ...(user.pins ?? []).map((name) => element(name, '<const/>')),
    ...user.settings.map(constraint),
  ];
  const intervals = (user.intervals ?? []).map((interval) => {
    const limits = Object.entries(quotaResources).map(([key, resource]) =>
      element(resource, String(interval[key as keyof typeof quotaResources] ?? 0)),
    );
    return element('interval', element('duration', String(interval.seconds)) + limits.join(''));
  });
  const profile = values.join('') + element('constraints', constraints.join(''));
  const perOther = (content: string) => others.map(({ name }) => element(name, content)).join('');
  return element(
    'clickhouse',
    element('profiles', element('default', '') + element(tenantProfile, profile) + perOther('')) +
      element('quotas', element(tenantProfile, intervals.join('')) + perOther('')) +
      element(
        'users',
        userElement('default', tenantProfile, user.grants) +
          others.map(({ name, grants }) => userElement(name, name, grants)).join(''),
      ),
  );
}

/** The name of a cluster whose only server is the engine itself. */
export const cluster = 'itself';

/** The server configuration that names a users file, and {@link cluster}. */
export function serverConfig(usersPath: string): string {
  // Nothing listens there: the engine takes its own address for itself, and makes no connection.
  const port = '9000';
  const replica = element('host', '127.0.0.1') + element('port', port);
  return element(
    'clickhouse',
    element('user_directories', element('users_xml', element('path', usersPath))) +
      element('tcp_port', port) +
      element('remote_servers', element(cluster, element('shard', element('replica', replica)))),
  );
}

function constraint({ name, access, min, max }: SettingRule): string {
  if (access === 'const') return element(name, '<const/>');
  if (min === undefined && max === undefined) return '';
  const bound = (tag: string, value: number | undefined) =>
    value === undefined ? '' : element(tag, String(value));
  return element(name, bound('min', min) + bound('max', max));
}

function userElement(name: string, profile: string, grants: readonly string[]): string {
  const rights = element('grants', grants.map((grant) => element('query', grant)).join(''));
  const from = element('networks', element('ip', '::/0'));
  const belongings = element('profile', profile) + element('quota', profile);
  return element(name, `<no_password/>${from}${belongings}${rights}`);
}

function element(name: string, content: string): string {
  return `<${name}>${content}</${name}>`;
}
