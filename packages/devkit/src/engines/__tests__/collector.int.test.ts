import { createClient } from '@clickhouse/client';
import { openClickHouse, openCollector, testEngine } from '..';
import { waitFor } from '../../process';

/** One receiver, one exporter, as HyperDX's own: tables are made by the exporter. */
const config = (endpoint: string, login: { user: string; password: string; database: string }) =>
  JSON.stringify({
    receivers: { 'otlp/hyperdx': { protocols: { http: { endpoint: '0.0.0.0:4318' } } } },
    exporters: {
      clickhouse: {
        endpoint,
        username: login.user,
        password: login.password,
        database: login.database,
        logs_table_name: 'collected_logs',
      },
    },
    service: { pipelines: { logs: { receivers: ['otlp/hyperdx'], exporters: ['clickhouse'] } } },
  });

it('a collector of this run stores what it is sent in the ClickHouse of this run', async () => {
  const clickhouse = await openClickHouse();
  const client = createClient(clickhouse.client());
  try {
    const collector = await openCollector({
      config: [config(clickhouse.exporterEndpoint, clickhouse)],
      engine: testEngine(),
    });
    try {
      const logRecords = [{ timeUnixNano: '4070908800000000001', body: { stringValue: 'stored' } }];
      const answer = await fetch(`${collector.otlpUrl}/v1/logs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }),
      });
      expect(answer.status).toBe(200);
      const rows = await waitFor(
        async () => {
          const found = await client.query({
            query: 'SELECT Body FROM collected_logs',
            format: 'JSONEachRow',
          });
          const stored = await found.json<{ Body: string }>();
          return stored.length > 0 && stored;
        },
        { timeoutMs: 30_000, what: 'the row to be stored' },
      );
      expect(rows).toEqual([{ Body: 'stored' }]);
    } finally {
      await collector.stop();
    }
  } finally {
    await client.close();
    await clickhouse.stop();
  }
}, 300_000);
