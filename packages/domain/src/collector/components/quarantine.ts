import type { TenantId } from '../../ids';
import { literal } from '../config';
import type { Component } from '../config';
import type { Quarantine } from '../context';
import type { TenantRoute } from '../teams';

/** Where a quarantined tenant's telemetry ends, whichever its signal. */
export function quarantineExporterId({ endpoint }: Quarantine, tenantId: TenantId): string {
  return `${endpoint === undefined ? 'debug' : 'otlp_http'}/quarantine-${tenantId}`;
}

export function quarantineExporter({ endpoint }: Quarantine, tenant: TenantRoute): Component {
  return endpoint === undefined ? refusing : forwarding(endpoint, tenant);
}

/**
 * Refuses everything at once and as something to try again, without a connection: no request fits into a queue of one byte
 * (collector 0.149 and 0.155, `element size too large`). Counted in `otelcol_exporter_enqueue_failed_*`, by tenant.
 */
const refusing: Component = {
  verbosity: 'basic',
  sending_queue: { enabled: true, sizer: 'bytes', queue_size: 1, num_consumers: 1 },
};

/**
 * Hands each request on, under the tenant's key, while its sender waits: without a queue nothing is acknowledged here that
 * the other collector did not take, and no reload waits for it.
 */
function forwarding(endpoint: string, { presentKey }: TenantRoute): Component {
  return {
    endpoint: literal(endpoint),
    headers: { authorization: literal(presentKey) },
    timeout: '5s',
    retry_on_failure: { enabled: false },
    sending_queue: { enabled: false },
  };
}
