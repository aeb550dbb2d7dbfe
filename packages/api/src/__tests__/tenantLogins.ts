import type { TenantId } from '@hyperdx-tenancy/domain/ids';

import type { Config } from '../config';
import { loadCollectorSnapshot } from '../controllers/collectorConfigs';
import type { Context } from '../controllers/context';
import { loginOf } from '../controllers/credentials';
import Connection from '../models/connection';
import Tenant from '../models/tenant';
import type { ITenant } from '../models/tenant';

/** Who asks ClickHouse. */
export interface Login {
  username: string;
  password: string;
}

/** As whom a tenant's statements run, by its present credentials. */
export async function readerLogin(id: TenantId, context: Context): Promise<Login> {
  const tenant = await Tenant.findById(id).lean<ITenant>();
  if (!tenant) throw new Error(`no tenant ${id}`);
  return loginOf('reader', context.targets.get(tenant.target), id, tenant.credentials, context);
}

/** What HyperDX has in hand for a tenant. */
export async function connectionOf(id: TenantId): Promise<Login & { host: string }> {
  const tenant = await Tenant.findById(id).lean();
  const found = await Connection.findById(tenant?.members.connection).select('+password').lean();
  return {
    host: found?.host ?? '',
    username: found?.username ?? '',
    password: found?.password ?? '',
  };
}

/** What the collectors' config of a process has in hand for a tenant. */
export async function exporterLogin(
  id: TenantId,
  config: Config,
  context: Context,
): Promise<Login> {
  const { teams } = await loadCollectorSnapshot(config, context);
  const credentials = teams.find(({ tenantId }) => tenantId === id)?.credentials;
  if (credentials?.kind !== 'literal') throw new Error('no credentials in the config');
  return credentials;
}

/** The answer to a statement of somebody: its text, or ClickHouse's code. */
export async function askAs(
  url: string,
  { username, password }: Login,
  query: string,
): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'X-ClickHouse-User': username, 'X-ClickHouse-Key': password },
    body: query,
  });
  const text = await response.text();
  return response.ok ? text.trim() : (/Code: \d+/.exec(text)?.[0] ?? text);
}
