import { clickhouseExporter } from '../components/clickhouse';
import type { ExporterTables } from '../components/clickhouse';
import { limitsFor } from '../limits';
import type { CollectorCredentials } from '../teams';
import { tenantId } from './fixtures';

const limits = limitsFor({ tenants: 1, memoryLimitMiB: 1500, onDisk: false });
const storage = { extension: 'file_storage', directory: '/data' } as const;

function exporter(
  options: {
    endpoint?: string;
    tables?: ExporterTables;
    batching?: boolean;
    onDisk?: boolean;
    timeout?: string;
  } = {},
) {
  const { endpoint = 'tcp://h:9000', tables = 'telemetry', batching = true, timeout } = options;
  const credentials: CollectorCredentials = {
    kind: 'literal',
    endpoint,
    username: 'writer',
    password: '',
    database: 'telemetry',
    ...(timeout !== undefined && { timeout }),
  };
  const context = { limits, storage: options.onDisk ? storage : undefined };
  return clickhouseExporter(context, tenantId(255), credentials, { tables, batching });
}

describe('clickhouseExporter', () => {
  const suffix = '0000000000000000000000ff';

  it("writes to the tenant's tables, every metric kind by name, and creates none", () => {
    expect(exporter()).toMatchObject({
      create_schema: false,
      database: 'telemetry',
      logs_table_name: `otel_logs_${suffix}`,
      traces_table_name: `otel_traces_${suffix}`,
      metrics_tables: {
        gauge: { name: `otel_metrics_gauge_${suffix}` },
        sum: { name: `otel_metrics_sum_${suffix}` },
        summary: { name: `otel_metrics_summary_${suffix}` },
        histogram: { name: `otel_metrics_histogram_${suffix}` },
        exponential_histogram: { name: `otel_metrics_exponential_histogram_${suffix}` },
      },
    });
  });

  it('writes session replays to their own table alone', () => {
    const replay = exporter({ tables: 'replay' });
    expect(replay).toMatchObject({ logs_table_name: `hyperdx_sessions_${suffix}` });
    expect(replay).not.toHaveProperty('traces_table_name');
    expect(replay).not.toHaveProperty('metrics_tables');
  });

  it.each([
    ['tcp://h:9000', { dial_timeout: '2s', read_timeout: '10s' }],
    ['clickhouse://h1:9000,h2:9000/db?secure=true', { dial_timeout: '2s', read_timeout: '10s' }],
    ['http://h:8123?dial_timeout=200ms', { read_timeout: '10s' }],
    ['https://h1:8443,h2:8443?compress=none&read_timeout=1m', { dial_timeout: '2s' }],
    ['tcp://h:9000?dial_timeout=1s&read_timeout=2s&x=1', {}],
    // A parameter whose name only ends alike is another.
    ['tcp://h:9000?my_dial_timeout=9s', { dial_timeout: '2s', read_timeout: '10s' }],
  ])('bounds connecting and reading, unless %s does', (endpoint, connection_params) => {
    expect(exporter({ endpoint })).toMatchObject({ endpoint, connection_params });
  });

  it('has a queue bounded in bytes, batched where nothing in front batches', () => {
    const queue = { enabled: true, sizer: 'bytes', queue_size: limits.queueBytes };
    expect(exporter().sending_queue).toMatchObject({ ...queue, batch: { sizer: 'items' } });
    const bare = exporter({ batching: false }).sending_queue;
    expect(bare).toMatchObject(queue);
    expect(bare).not.toHaveProperty('batch');
    expect(bare).not.toHaveProperty('storage');
  });

  it('retries for a bounded time, longer where the queue is on disk', () => {
    expect(exporter().retry_on_failure).toMatchObject({ enabled: true, max_elapsed_time: '5m' });
    const stored = exporter({ onDisk: true });
    expect(stored.retry_on_failure).toMatchObject({ enabled: true, max_elapsed_time: '1h' });
    expect(stored.sending_queue).toMatchObject({ storage: 'file_storage' });
  });

  it('takes the time-out of its target', () => {
    expect(exporter().timeout).toBe('5s');
    expect(exporter({ timeout: '30s' }).timeout).toBe('30s');
  });
});
