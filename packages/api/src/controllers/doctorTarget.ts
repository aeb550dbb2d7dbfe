import { setImmediate } from 'node:timers/promises';

import { compareShared, compareTenant, orphans } from '@hyperdx-tenancy/domain/doctor/access';
import type { ExpectedTenant } from '@hyperdx-tenancy/domain/doctor/access';
import { checksOfTarget } from '@hyperdx-tenancy/domain/doctor/checks';
import type { DoctorCheck } from '@hyperdx-tenancy/domain/doctor/checks';
import type { Examination } from '@hyperdx-tenancy/domain/doctor/examination';
import type { Fault } from '@hyperdx-tenancy/domain/doctor/fault';
import { resolver } from '@hyperdx-tenancy/domain/doctor/profiles';
import { compareImpersonators, compareRights } from '@hyperdx-tenancy/domain/doctor/rights';
import { compareTables, findOrphanTables } from '@hyperdx-tenancy/domain/doctor/tables';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { isAtLeast, oldestVersion } from '@hyperdx-tenancy/domain/tables';
import type { ClickHouseVersion } from '@hyperdx-tenancy/domain/tables';

import {
  observeAccess,
  observeImpersonators,
  observeRights,
  observeRoles,
  observeTables,
} from '../clickhouse/observeAccess';
import type { Target } from '../clickhouse/target';
import { tenantAccess } from '../clickhouse/tenantAccess';
import type { Context } from './context';
import { probeReader } from './doctorProbe';
import { isComplete, readKnownIds } from './doctorTenants';
import type { ExaminedTenant } from './doctorTenants';
import { readTransport } from './doctorTransport';
import { baseOf, settingsOf } from './settings';

/** For everything that one target is asked; each question has a limit of its own besides. */
const TARGET_MS = 90_000;

/** Comparing a tenant is work for the processor alone: others are let in between so many. */
const AT_A_TIME = 25;

/** `ALTER USER ... ADD IDENTIFIED` came with it. */
const TWO_PASSWORDS_SINCE: ClickHouseVersion = { major: 24, minor: 9 };

const written = ({ major, minor }: ClickHouseVersion): string => `${major}.${minor}`;

/** Everything that the examination of one target works with. */
interface Bed {
  target: Target;
  /** All tenants, those of other targets too. */
  tenants: readonly ExaminedTenant[];
  examination: Examination;
  context: Context;
}

function add(
  { target, examination }: Bed,
  check: DoctorCheck,
  severity: Fault['severity'],
  [message, fix]: [message: string, fix: string],
): void {
  examination.add({ check, severity, tenant: null, message, fix }, target.name);
}

function addAll({ target, examination }: Bed, faults: Iterable<Fault>): void {
  for (const fault of faults) examination.add(fault, target.name);
}

/** Makes checks that stand or fall together: where they cannot be made, the first of them says why. */
async function attempt(
  bed: Bed,
  checks: [DoctorCheck, ...DoctorCheck[]],
  work: () => Promise<void>,
): Promise<void> {
  const [first, ...others] = checks;
  try {
    await work();
    for (const name of checks) bed.examination.made(name, bed.target.name);
  } catch (error) {
    if (!(error instanceof TenancyError)) throw error;
    const isAway = error.code === 'clickhouse_unavailable';
    add(bed, first, isAway ? 'error' : 'warning', [
      `This could not be checked: ${error.message}`,
      isAway
        ? 'Find out why ClickHouse stopped answering, and examine again.'
        : 'See target.rights and docs/doctor.md for the rights of the administrator, and the log of the server for what it refused.',
    ]);
    for (const name of others) {
      bed.examination.skip(name, bed.target.name, `not checked, see ${first}`);
    }
  }
}

function examineVersion(bed: Bed, version: ClickHouseVersion): void {
  const { target, examination } = bed;
  examination.says('target.answers', target.name, `ClickHouse ${written(version)}`);
  if (!isAtLeast(version, oldestVersion)) {
    add(bed, 'target.answers', 'error', [
      `ClickHouse ${written(version)} is older than ${written(oldestVersion)}: tables cannot be made as they should be.`,
      'Upgrade ClickHouse.',
    ]);
  } else if (target.hasUsers && !isAtLeast(version, TWO_PASSWORDS_SINCE)) {
    add(bed, 'target.answers', 'warning', [
      `ClickHouse ${written(version)} knows one password a user: passwords cannot be rotated without a gap.`,
      `Upgrade ClickHouse to ${written(TWO_PASSWORDS_SINCE)} or newer; until then, rotate with "force".`,
    ]);
  }
}

/** What a tenant should have; `undefined` where its plan or its settings cannot tell. */
async function expectedOf(
  tenant: ExaminedTenant,
  { target, context }: Bed,
): Promise<ExpectedTenant | undefined> {
  try {
    const { change, applied, status } = tenant;
    const settings = settingsOf(tenant, context);
    return {
      access: await tenantAccess(target, tenant.id, settings),
      suspended: status === 'suspended',
      rotating: change?.kind === 'rotation',
      settling:
        change?.kind === 'settings' || applied?.base !== baseOf(target.name, tenant.plan, context),
    };
  } catch (error) {
    // The check of documents says so.
    if (error instanceof TenancyError && error.code === 'plan_unknown') return undefined;
    throw error;
  }
}

async function examineAccess(bed: Bed): Promise<void> {
  const { target, tenants, examination } = bed;
  const placed = tenants.filter((tenant) => tenant.target === target.name);
  const [observed, roles, { settings }] = await Promise.all([
    observeAccess(target),
    attemptRoles(bed),
    target.facts(),
  ]);
  const found = { ...observed, roles };
  const resolve = resolver(settings);
  // Before its first tenant there is nothing that they share.
  if (placed.some(isComplete)) {
    addAll(bed, compareShared({ database: target.config.database, settings }, found, resolve));
  }
  let compared = 0;
  for (const tenant of placed.filter(isComplete)) {
    const expected = await expectedOf(tenant, bed);
    if (expected) addAll(bed, compareTenant(expected, found, resolve));
    compared += 1;
    if (compared % AT_A_TIME === 0) await setImmediate();
  }
  const known = await readKnownIds();
  addAll(
    bed,
    orphans(found, (id) => known.has(id)),
  );
  examination.says('access.users', target.name, `${compared} tenant(s)`);
}

/** Roles need a right of their own; without it all else can still be compared. */
async function attemptRoles(bed: Bed): Promise<Map<string, string[]> | undefined> {
  let roles: Map<string, string[]> | undefined;
  await attempt(bed, ['access.roles'], async () => {
    roles = await observeRoles(bed.target);
  });
  return roles;
}

async function examineTables(bed: Bed): Promise<void> {
  const { target, tenants, examination } = bed;
  const found = await observeTables(target);
  const complete = tenants.filter((tenant) => tenant.target === target.name && isComplete(tenant));
  for (const [index, { id }] of complete.entries()) {
    addAll(bed, compareTables(id, found));
    if (index % AT_A_TIME === 0) await setImmediate();
  }
  const known = await readKnownIds();
  addAll(
    bed,
    findOrphanTables(found.keys(), (id) => known.has(id)),
  );
  examination.says(
    'tables.present',
    target.name,
    `${found.size} tables of ${complete.length} tenant(s)`,
  );
}

async function examineServer(bed: Bed): Promise<void> {
  const { target, tenants, examination, context } = bed;
  const { username, database, cluster } = target.config;
  await Promise.all([
    attempt(bed, ['tables.present'], () => examineTables(bed)),
    ...(target.hasUsers
      ? [
          attempt(
            bed,
            [
              'access.users',
              'access.grants',
              'access.profiles',
              'access.quotas',
              'access.definer',
              'access.pins',
            ],
            () => examineAccess(bed),
          ),
          attempt(bed, ['target.rights'], async () => {
            const { grants, groups } = await observeRights(target);
            addAll(bed, compareRights({ username, database, cluster }, grants, groups));
          }),
          attempt(bed, ['server.impersonation'], async () => {
            addAll(bed, compareImpersonators(await observeImpersonators(target)));
          }),
          attempt(bed, ['server.login', 'server.systemTables', 'server.settings'], () =>
            probeReader(target, tenants, examination, context),
          ),
        ]
      : []),
  ]);
}

async function examineAnswering(bed: Bed): Promise<void> {
  const { target, examination } = bed;
  try {
    // What is known may be five minutes old.
    await target.select('SELECT 1');
    examineVersion(bed, (await target.facts()).version);
    examination.made('target.answers', target.name);
  } catch (error) {
    if (!(error instanceof TenancyError)) throw error;
    add(bed, 'target.answers', 'error', [
      `The target cannot be examined: ${error.message}`,
      'See whether its address, user and password are right and ClickHouse runs; until it answers, its tenants are without service.',
    ]);
    const asked = checksOfTarget(target).filter(
      (name) => !['target.answers', 'target.tls', 'target.mode'].includes(name),
    );
    for (const name of asked) examination.skip(name, target.name, 'the target does not answer');
    return;
  }
  await examineServer(bed);
}

/** Whatever happens to one target, the others are examined: a deadline over all. */
async function inTime(bed: Bed, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), TARGET_MS);
  });
  const ended = await Promise.race([work, late]).finally(() => clearTimeout(timer));
  if (ended !== 'late') return;
  // What comes after it comes too late for this report, and must not be an unhandled rejection.
  work.catch(() => undefined);
  add(bed, 'target.answers', 'error', [
    `The examination was not done after ${TARGET_MS / 1000} s: what is reported of this target is not all.`,
    'Find out why ClickHouse answers so slowly, and examine again.',
  ]);
}

/** Examines one target. It changes nothing, and never fails for what is wrong with the target. */
export async function examineTarget(
  target: Target,
  tenants: readonly ExaminedTenant[],
  examination: Examination,
  context: Context,
): Promise<void> {
  const bed: Bed = { target, tenants, examination, context };
  for (const name of checksOfTarget(target)) examination.begin(name, target.name);
  addAll(bed, readTransport(target.config));
  if (!target.hasUsers) {
    add(bed, 'target.mode', 'warning', [
      'Access mode "guard": ClickHouse itself does not keep tenants apart, and the guard is the only wall.',
      'Use a ClickHouse server with user management, and the access mode "grants" (TENANCY_ACCESS_MODE).',
    ]);
  }
  for (const name of ['target.tls', 'target.mode'] as const) examination.made(name, target.name);
  await inTime(bed, examineAnswering(bed));
}
