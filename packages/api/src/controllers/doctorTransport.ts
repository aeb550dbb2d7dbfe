import type { Fault } from '@hyperdx-tenancy/domain/doctor/fault';

import type { TargetConfig } from '../configFiles/targets';

const LOCAL = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** What travels to this endpoint can be read on its way. */
function isOpen(endpoint: string): boolean {
  const { protocol, hostname, searchParams } = new URL(endpoint);
  if (LOCAL.test(hostname)) return false;
  return protocol !== 'https:' && searchParams.get('secure') !== 'true';
}

/** The ways to ClickHouse on which passwords and telemetry travel in the clear. */
export function* readTransport({
  host,
  collectorEndpoint,
}: Pick<TargetConfig, 'host' | 'collectorEndpoint'>): Generator<Fault> {
  const of = (message: string, fix: string): Fault => {
    return { check: 'target.tls', severity: 'warning', tenant: null, message, fix };
  };
  if (isOpen(host)) {
    yield of(
      "This service talks to ClickHouse without TLS: the administrator's password and all statements travel in the clear.",
      'Give the target an https:// URL (CLICKHOUSE_HOST, or url and tls in the targets file).',
    );
  }
  if (isOpen(collectorEndpoint)) {
    yield of(
      "Collectors talk to ClickHouse without TLS: tenants' telemetry and their writers' passwords travel in the clear.",
      'Give the target a collector endpoint with https://, or with ?secure=true (CLICKHOUSE_ENDPOINT, or collectorEndpoint in the targets file).',
    );
  }
}
