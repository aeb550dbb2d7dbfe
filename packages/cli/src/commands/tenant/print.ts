import type { Tenant } from '../../answers';
import { printFields, printJson, printTable } from '../../output';
import { showSettings } from '../../settings';

type Field = [name: string, value: string];

function state({ status, provisioning, change }: Tenant): string {
  const remark = [change?.kind, (provisioning ?? change)?.lastError?.code].filter(Boolean);
  return remark.length === 0 ? status : `${status} (${remark.join(': ')})`;
}

function work({ provisioning, change }: Tenant): Field[] {
  const doing = provisioning ?? change;
  if (!doing) return [];
  const { step, attempt, lastError } = doing;
  return [
    ['step', `${step} (attempt ${attempt})`],
    ...(lastError ? ([['reason', lastError.message]] satisfies Field[]) : []),
  ];
}

/**
 * One tenant.
 * @param etag its entity tag, where the answer had one.
 */
export function printTenant(tenant: Tenant, json: boolean, etag?: string): void {
  if (json) {
    printJson(etag === undefined ? tenant : { ...tenant, etag });
    return;
  }
  printFields([
    ['id', tenant.id],
    ['name', tenant.name],
    ['status', state(tenant)],
    ...work(tenant),
    ['target', tenant.target],
    ...(tenant.plan === null ? [] : ([['plan', tenant.plan]] satisfies Field[])),
    ...showSettings(tenant.settings).map((setting): Field => ['setting', setting]),
    ['schema', String(tenant.schemaVersion)],
    ['created', tenant.createdAt],
    ...tenant.teams.map(({ name, id, apiKey }): Field => [
      'team',
      `${name} (${id}), ingestion key ${apiKey}`,
    ]),
    ...(etag === undefined ? [] : ([['etag', etag]] satisfies Field[])),
  ]);
}

/** Several tenants, a line each. */
export function printTenants(tenants: Tenant[], json: boolean): void {
  if (json) {
    printJson(tenants);
    return;
  }
  printTable(
    ['id', 'name', 'status', 'target', 'plan', 'teams', 'created'],
    tenants.map((tenant) => [
      tenant.id,
      tenant.name,
      state(tenant),
      tenant.target,
      tenant.plan ?? '',
      String(tenant.teams.length),
      tenant.createdAt,
    ]),
  );
}
