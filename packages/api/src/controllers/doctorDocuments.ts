import { doorUserName } from '@hyperdx-tenancy/domain/access';
import type { DoctorCheck } from '@hyperdx-tenancy/domain/doctor/checks';
import type { Examination } from '@hyperdx-tenancy/domain/doctor/examination';
import { listed } from '@hyperdx-tenancy/domain/doctor/fault';
import type { Fault } from '@hyperdx-tenancy/domain/doctor/fault';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { parseTenantFromTableName } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import { listSourceTables } from '@hyperdx-tenancy/domain/sources';

import type { Target } from '../clickhouse/target';
import Connection from '../models/connection';
import type { IConnection } from '../models/connection';
import Operator from '../models/operator';
import OperatorToken from '../models/operatorToken';
import Source from '../models/source';
import type { ISource } from '../models/source';
import Team from '../models/team';
import type { ITeam } from '../models/team';
import type { Context } from './context';
import { DOCUMENTS_MS } from './doctorTenants';
import type { ExaminedTenant } from './doctorTenants';
import type { WayBack } from './lastAdmin';
import { findPlan } from './settings';

/** A fault of the installation itself. */
function fault(
  check: DoctorCheck,
  severity: Fault['severity'],
  tenant: TenantId | null,
  [message, fix]: [message: string, fix: string],
): Fault {
  return { check, severity, tenant, message, fix };
}

function targetOf({ target }: ExaminedTenant, { targets }: Context): Target | undefined {
  return targets.all.find(({ name }) => name === target);
}

function hasPlan({ plan }: ExaminedTenant, context: Context): boolean {
  try {
    findPlan(plan, context);
    return true;
  } catch (error) {
    if (error instanceof TenancyError && error.code === 'plan_unknown') return false;
    throw error;
  }
}

function* examineTenants(tenants: readonly ExaminedTenant[], context: Context): Generator<Fault> {
  const check = 'documents.tenants';
  const { keyring } = context;
  let previous = 0;
  for (const tenant of tenants) {
    const target = targetOf(tenant, context);
    if (!target) {
      yield fault(check, 'error', tenant.id, [
        `The tenant is on target "${tenant.target}", which is not configured.`,
        'Bring the target back: CLICKHOUSE_HOST for "default", TENANCY_TARGETS_FILE for others.',
      ]);
    }
    if (!hasPlan(tenant, context)) {
      yield fault(check, 'error', tenant.id, [
        `The tenant has plan "${tenant.plan ?? ''}", which the plans file does not have.`,
        `Bring the plan back (TENANCY_PLANS_FILE), or give the tenant another: PATCH /tenancy/v1/tenants/${tenant.id}.`,
      ]);
    }
    if (!target) continue;
    if (!keyring.knows(tenant.credentials)) {
      yield fault(check, 'error', tenant.id, [
        "The tenant's passwords come from a secret that this process does not have.",
        `Set TENANCY_SECRET_PREVIOUS to it, or replace them: POST /tenancy/v1/tenants/${tenant.id}/rotate with {"force": true}.`,
      ]);
    } else if (tenant.credentials.secret !== keyring.current) previous += 1;
  }
  if (previous > 0) {
    yield fault(check, 'info', null, [
      `The passwords of ${previous} tenant(s) come from TENANCY_SECRET_PREVIOUS still.`,
      'POST /tenancy/v1/secret/rotate; the variable can go when none is left.',
    ]);
  }
}

/** The tenant of each team, by the team's id. */
type Owners = ReadonlyMap<string, ExaminedTenant>;

async function examineTeams(
  byId: ReadonlyMap<string, ExaminedTenant>,
  add: (fault: Fault) => void,
): Promise<Owners> {
  const owners = new Map<string, ExaminedTenant>();
  const withTeam = new Set<string>();
  const teams = Team.find({}, { tenant: 1 })
    .sort({ _id: 1 })
    .maxTimeMS(DOCUMENTS_MS)
    .lean<Pick<ITeam, '_id'> & Partial<Pick<ITeam, 'tenant'>>>()
    .cursor();
  for await (const { _id, tenant } of teams) {
    const owner = byId.get(String(tenant));
    if (owner) {
      owners.set(String(_id), owner);
      withTeam.add(owner.id);
      continue;
    }
    const problem =
      tenant == null ? 'has no tenant' : `is of tenant ${String(tenant)}, which there is not`;
    add(
      fault('documents.teams', 'warning', null, [
        `Team ${String(_id)} ${problem}: its people see nothing here, and its key opens nothing.`,
        'Delete the team, or make a tenant for its people.',
      ]),
    );
  }
  for (const { id, status } of byId.values()) {
    if (status !== 'active' || withTeam.has(id)) continue;
    add(
      fault('documents.teams', 'error', id, [
        'The tenant has no team: nobody can see its data, and no key writes them.',
        'Bring the team document back from a backup of MongoDB.',
      ]),
    );
  }
  return owners;
}

/** The fields of a source that can hold the name of a table. */
const sourceFields = {
  team: 1,
  from: 1,
  metricTables: 1,
  seriesTable: 1,
  metadataMaterializedViews: 1,
  materializedViews: 1,
} as const;

/** Tables that a source names, as far as it is one; HyperDX does not judge them. */
function tablesOf(source: ISource): string[] {
  try {
    return listSourceTables(source).map(({ table }) => table);
  } catch (error) {
    if (error instanceof TenancyError) return [];
    throw error;
  }
}

async function examineSources(owners: Owners, add: (fault: Fault) => void): Promise<void> {
  const sources = Source.find({}, sourceFields)
    .sort({ _id: 1 })
    .maxTimeMS(DOCUMENTS_MS)
    .lean<ISource>()
    .cursor();
  for await (const source of sources) {
    const owner = owners.get(String(source.team));
    const foreign = tablesOf(source).filter((table) => {
      const named = parseTenantFromTableName(table)?.tenantId;
      return named !== undefined && named !== owner?.id;
    });
    if (!owner || foreign.length === 0) continue;
    add(
      fault('documents.sources', 'error', owner.id, [
        `Source ${String(source._id)} names tables of another tenant: ${listed(foreign)}.`,
        'Delete the source, or let it name the tables of its own tenant; and find out who wrote it.',
      ]),
    );
  }
}

function isAtDoor(
  { host, username, team }: Pick<IConnection, 'host' | 'username' | 'team'>,
  { door }: Context,
): boolean {
  return host === door.url && username === doorUserName(String(team));
}

async function examineConnections(
  owners: Owners,
  context: Context,
  add: (fault: Fault) => void,
): Promise<void> {
  const administrators = new Map(
    context.targets.all
      .filter(({ hasUsers }) => hasUsers)
      .map((target) => [target.name, target.config]),
  );
  const names = [...new Set([...administrators.values()].map(({ username }) => username))];
  const connections = Connection.find(
    { $or: [{ username: { $in: names } }, { platformProvisioned: true }] },
    { team: 1, host: 1, username: 1, platformProvisioned: 1 },
  )
    .sort({ _id: 1 })
    .maxTimeMS(DOCUMENTS_MS)
    .lean<Pick<IConnection, '_id' | 'team' | 'host' | 'username' | 'platformProvisioned'>>()
    .cursor();
  for await (const { _id, team, host, username, platformProvisioned } of connections) {
    const owner = owners.get(String(team));
    // Its own target's, or that of any other whose address it has.
    const isHeld = [...administrators].some(
      ([name, config]) =>
        config.username === username &&
        (config.host === host || (platformProvisioned === true && owner?.target === name)),
    );
    if (!owner) continue;
    if (!isHeld) {
      if (platformProvisioned !== true || isAtDoor({ host, username, team }, context)) continue;
      add(
        fault('documents.connections', 'error', owner.id, [
          `Connection ${String(_id)} of the tenant does not lead to its team at the query door, ${context.door.url}.`,
          `Have it written again: POST /tenancy/v1/tenants/${owner.id}/apply.`,
        ]),
      );
      continue;
    }
    add(
      fault('documents.connections', 'error', owner.id, [
        `Connection ${String(_id)} of the tenant reaches ClickHouse as its administrator: whoever uses it sees every tenant.`,
        platformProvisioned === true
          ? `Have it written again, by new passwords: POST /tenancy/v1/tenants/${owner.id}/rotate.`
          : 'Delete the connection, and change the password of the administrator.',
      ]),
    );
  }
}

/** What the documents in MongoDB say. */
export async function examineDocuments(
  tenants: readonly ExaminedTenant[],
  examination: Examination,
  context: Context,
): Promise<void> {
  const add = (one: Fault): void => examination.add(one, null);
  for (const one of examineTenants(tenants, context)) add(one);
  const owners = await examineTeams(new Map(tenants.map((tenant) => [tenant.id, tenant])), add);
  await Promise.all([examineSources(owners, add), examineConnections(owners, context, add)]);
  examination.says('documents.tenants', null, `${tenants.length} tenant(s)`);
  examination.says('documents.teams', null, `${owners.size} team(s)`);
}

/** What this process was configured with. */
export async function examineConfiguration(
  { bootstrap }: WayBack,
  examination: Examination,
  context: Context,
): Promise<void> {
  const check = 'configuration.adminToken';
  if (!bootstrap) {
    examination.says(check, null, 'TENANCY_ADMIN_TOKEN is not set');
    return;
  }
  const now = context.now();
  const isAdmin = { role: 'admin' } as const;
  const [token, operator] = await Promise.all([
    OperatorToken.exists({ ...isAdmin, $or: [{ expiresAt: null }, { expiresAt: { $gt: now } }] }),
    Operator.exists(isAdmin),
  ]);
  if (!token && !operator) {
    examination.says(check, null, 'TENANCY_ADMIN_TOKEN is the only admin');
    return;
  }
  examination.add(
    fault(check, 'info', null, [
      'TENANCY_ADMIN_TOKEN still opens the admin API, although there are other admins.',
      'Take the variable away: it has no name, no expiry, and is the same in every environment it is copied to.',
    ]),
    null,
  );
}
