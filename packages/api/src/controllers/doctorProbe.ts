import type { DoctorCheck } from '@hyperdx-tenancy/domain/doctor/checks';
import type { Examination } from '@hyperdx-tenancy/domain/doctor/examination';

import { askAs } from '../clickhouse/observeAccess';
import type { Target } from '../clickhouse/target';
import type { Context } from './context';
import { loginOf } from './credentials';
import type { ExaminedTenant } from './doctorTenants';

/**
 * `access_control_improvements` of a server's configuration are in none of its tables (ClickHouse 26.7:
 * `system.server_settings` has them not), so what they do is tried.
 */
const PROBED = ['server.login', 'server.systemTables', 'server.settings'] as const;

const ACCESS_DENIED = 497;
/** READONLY, QUERY_IS_PROHIBITED, SETTING_CONSTRAINT_VIOLATION. */
const SETTING_REFUSED = [164, 392, 452];

/** Names tables of all tenants, is in every release, and is granted to no tenant's user. */
const CLOSED = 'SELECT count() FROM system.merges';

/** Settings that a reader may send, and such as it may not. */
const settingProbes = [
  { setting: 'max_execution_time = 15', isAllowed: true },
  { setting: 'max_execution_time = 0', isAllowed: false },
  { setting: 'max_block_size = 7', isAllowed: false },
  { setting: 'use_query_cache = 1', isAllowed: false },
  { setting: 'readonly = 0', isAllowed: false },
] as const;

function findTenant(
  target: Target,
  tenants: readonly ExaminedTenant[],
  { keyring }: Context,
): ExaminedTenant | undefined {
  return tenants.find(
    (tenant) =>
      tenant.target === target.name &&
      tenant.status === 'active' &&
      tenant.change === null &&
      keyring.knows(tenant.credentials),
  );
}

/**
 * Tries on one active tenant what the server lets its reader do. Nothing is read that belongs to anybody.
 * @throws TenancyError `clickhouse_unavailable`.
 */
export async function probeReader(
  target: Target,
  tenants: readonly ExaminedTenant[],
  examination: Examination,
  context: Context,
): Promise<void> {
  const skip = (why: string, names: readonly DoctorCheck[] = PROBED): void => {
    for (const name of names) examination.skip(name, target.name, why);
  };
  const tenant = findTenant(target, tenants, context);
  if (!tenant) {
    skip('only a reader can tell, and no tenant of the target is active with nothing under way');
    return;
  }
  const login = loginOf('reader', target, tenant.id, tenant.credentials, context);
  const ask = (sql: string): Promise<number> => askAs(target, login, sql);
  const add = (check: DoctorCheck, message: string, fix: string): void =>
    examination.add({ check, severity: 'error', tenant: tenant.id, message, fix }, target.name);

  const entered = await ask('SELECT 1');
  if (entered !== 0) {
    add(
      'server.login',
      `User ${login.username} does not get in with its password (ClickHouse's code ${entered}).`,
      `Replace its passwords: POST /tenancy/v1/tenants/${tenant.id}/rotate with {"force": true}.`,
    );
    skip('the reader does not get in', ['server.systemTables', 'server.settings']);
    return;
  }
  const by = `tried as ${login.username}`;
  for (const name of PROBED) examination.says(name, target.name, by);

  const closed = await ask(CLOSED);
  if (closed === 0) {
    add(
      'server.systemTables',
      'Every user may read the system tables, some of which name the tables and queries of all tenants.',
      'Set access_control_improvements.select_from_system_db_requires_grant to true in the configuration of the server.',
    );
  } else if (closed !== ACCESS_DENIED) {
    skip(`the attempt ended with ClickHouse's code ${closed}`, ['server.systemTables']);
  }

  for (const { setting, isAllowed } of settingProbes) {
    const code = await ask(`SELECT 1 SETTINGS ${setting}`);
    if (isAllowed ? code === 0 : SETTING_REFUSED.includes(code)) continue;
    if (isAllowed) {
      add(
        'server.settings',
        `A reader may not set ${setting}, which HyperDX sends (ClickHouse's code ${code}).`,
        'Set access_control_improvements.settings_constraints_replace_previous to true in the configuration of the server, or loosen the constraints of its default profile.',
      );
    } else {
      add(
        'server.settings',
        `A reader may set ${setting}: its profile does not hold it.`,
        'See the findings of access.profiles and access.pins; without any, look for a profile in the configuration of the server that loosens this one.',
      );
    }
  }
}
