import { getTenantTableName } from '../../ids';
import type { TenantId } from '../../ids';
import { fromEnvironment, literal } from '../config';
import type { Component } from '../config';
import type { BuildContext } from '../context';
import type { CollectorCredentials, CollectorTarget } from '../teams';
import { FILE_STORAGE } from './fileStorage';

/**
 * Without these a ClickHouse that accepts and never answers holds up start and reload of the whole
 * collector by 30 s for each exporter. They say less than an endpoint that names them itself.
 */
const TIMEOUTS = { dial_timeout: '2s', read_timeout: '10s' } as const;

/** What an exporter writes: everything but session replays, or these alone. */
export type ExporterTables = 'telemetry' | 'replay';

/**
 * The ClickHouse exporter of one tenant, tables suffixed with its id, with a bounded queue of its own for
 * each signal it serves. `batching` is for pipelines without a batch processor (behind a key router it would
 * have to come after, one per tenant; a batch in the queue is also retried and not lost).
 */
export function clickhouseExporter(
  { limits, storage }: Pick<BuildContext, 'limits' | 'storage'>,
  tenantId: TenantId,
  credentials: CollectorCredentials,
  { tables, batching }: { tables: ExporterTables; batching: boolean },
): Component {
  return {
    ...connection(credentials),
    ...tableNames(tables, tenantId),
    create_schema: false,
    timeout: credentials.timeout ?? '5s',
    retry_on_failure: {
      enabled: true,
      initial_interval: '5s',
      max_interval: '30s',
      // A queue on disk is there to outlast an outage; one in memory fills up long before.
      max_elapsed_time: storage ? '1h' : '5m',
    },
    sending_queue: {
      enabled: true,
      sizer: 'bytes',
      queue_size: limits.queueBytes,
      num_consumers: 2,
      ...(storage && { storage: FILE_STORAGE }),
      // Batches are measured in records: with a limit in bytes, one record above it is dropped.
      ...(batching && {
        batch: {
          sizer: 'items',
          flush_timeout: '1s',
          min_size: limits.batchRecords,
          max_size: 50_000,
        },
      }),
    },
  };
}

function connection(credentials: CollectorCredentials): Component {
  if (credentials.kind === 'env') {
    return {
      endpoint: fromEnvironment('CLICKHOUSE_ENDPOINT'),
      username: fromEnvironment('CLICKHOUSE_USER'),
      password: fromEnvironment('CLICKHOUSE_PASSWORD'),
      database: literal(credentials.database),
      connection_params: TIMEOUTS,
    };
  }
  const [, query = ''] = credentials.endpoint.split('?', 2);
  const stated = query.split('&').map((parameter) => parameter.split('=', 1)[0]);
  return {
    endpoint: literal(credentials.endpoint),
    username: literal(credentials.username),
    password: literal(credentials.password),
    database: literal(credentials.database),
    ...(credentials.tls && { tls: tlsFiles(credentials.tls) }),
    // Added by the exporter to the endpoint's own parameters, in whose place they would be taken.
    connection_params: Object.fromEntries(
      Object.entries(TIMEOUTS).filter(([name]) => !stated.includes(name)),
    ),
  };
}

/** The exporter's `tls` block (configtls); paths are the collector's. */
function tlsFiles({ caFile, certFile, keyFile }: NonNullable<CollectorTarget['tls']>): Component {
  return {
    ...(caFile !== undefined && { ca_file: literal(caFile) }),
    ...(certFile !== undefined && { cert_file: literal(certFile) }),
    ...(keyFile !== undefined && { key_file: literal(keyFile) }),
  };
}

function tableNames(tables: ExporterTables, tenantId: TenantId): Component {
  const table = (base: string) => getTenantTableName(base, tenantId);
  if (tables === 'replay') return { logs_table_name: table('hyperdx_sessions') };
  return {
    logs_table_name: table('otel_logs'),
    traces_table_name: table('otel_traces'),
    // Each by name: the exporter's prefix setting would put the kind behind the tenant's id.
    metrics_tables: Object.fromEntries(
      ['gauge', 'sum', 'summary', 'histogram', 'exponential_histogram'].map((kind) => [
        kind,
        { name: table(`otel_metrics_${kind}`) },
      ]),
    ),
  };
}
