import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import type { Config } from '../config';
import { parseConnectionUrl } from '../utils/connectionUrl';
import type { PinnedTarget } from '../utils/pinnedRequest';
import { AddressRefused, parseAllowedHosts, resolvePublic } from '../utils/publicAddress';
import type { AllowedHosts, ResolveName } from '../utils/publicAddress';

/** What tenants' own connections may be. */
export interface ConnectionRules {
  /** Whether there may be any, besides the managed one. */
  allowed: boolean;
  hosts: AllowedHosts;
  /** DNS, unless a test answers in its place. */
  resolve?: ResolveName;
}

/** @throws Error naming an entry of `TENANCY_TENANT_CONNECTION_HOSTS` that cannot be read. */
export function connectionRules(
  config: Pick<Config, 'allowTenantConnections' | 'tenantConnectionHosts'>,
): ConnectionRules {
  return {
    allowed: config.allowTenantConnections,
    hosts: parseAllowedHosts(config.tenantConnectionHosts),
  };
}

/** @throws TenancyError `forbidden`. */
export function requireOwnConnections({ allowed }: ConnectionRules): void {
  if (allowed) return;
  throw new TenancyError(
    'forbidden',
    'This installation has its connections managed: yours reads your tables. Connections to other servers are switched off.',
  );
}

/**
 * Where a request to a tenant's own server goes. It is looked up for each use anew, and what was looked at is what is
 * connected to.
 * @throws TenancyError `invalid_request` naming `host`, with one message whatever is wrong with it: it must tell nobody
 *   which names there are inside, nor where they lead.
 */
export async function pinHost(host: string, rules: ConnectionRules): Promise<PinnedTarget> {
  const url = parseConnectionUrl(host);
  try {
    if (!url) throw new AddressRefused();
    return { url, address: await resolvePublic(url.hostname, rules.hosts, rules.resolve) };
  } catch (cause) {
    if (!(cause instanceof AddressRefused)) throw cause;
    throw new TenancyError(
      'invalid_request',
      'host: must be the http or https URL of a server with a public address, without user or password.',
      { cause },
    );
  }
}
