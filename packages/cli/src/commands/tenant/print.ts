import type { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';

import { printFields, printJson, printTable } from '../../output';

function state(tenant: TenantView): string {
  const error = tenant.provisioning?.lastError;
  return error ? `${tenant.status} (${error.code})` : tenant.status;
}

/** One tenant. */
export function printTenant(tenant: TenantView, json: boolean): void {
  if (json) {
    printJson(tenant);
    return;
  }
  const { provisioning } = tenant;
  printFields([
    ['id', tenant.id],
    ['name', tenant.name],
    ['status', state(tenant)],
    ...(provisioning
      ? ([['step', `${provisioning.step} (attempt ${provisioning.attempt})`]] satisfies [
          string,
          string,
        ][])
      : []),
    ...(provisioning?.lastError
      ? ([['reason', provisioning.lastError.message]] satisfies [string, string][])
      : []),
    ['target', tenant.target],
    ['schema', String(tenant.schemaVersion)],
    ['created', tenant.createdAt],
    ...tenant.teams.map(({ name, id, apiKey }): [string, string] => [
      'team',
      `${name} (${id}), ingestion key ${apiKey}`,
    ]),
  ]);
}

/** Several tenants, a line each. */
export function printTenants(tenants: TenantView[], json: boolean): void {
  if (json) {
    printJson(tenants);
    return;
  }
  printTable(
    ['id', 'name', 'status', 'teams', 'created'],
    tenants.map((tenant) => [
      tenant.id,
      tenant.name,
      state(tenant),
      String(tenant.teams.length),
      tenant.createdAt,
    ]),
  );
}
