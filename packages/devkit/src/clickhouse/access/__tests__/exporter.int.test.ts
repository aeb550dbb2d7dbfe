import { createClient } from '@clickhouse/client';
import {
  accessFor,
  readerName,
  renderAccess,
  renderAddPassword,
  renderDropOldPasswords,
  renderViewsDefiner,
  writerName,
} from '@hyperdx-tenancy/domain/access';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import { startClickHouse, type ClickHouseServer } from '../..';
import { runTelemetrygen, startCollector } from '../../../collector';
import { database, hashOf, tablesOf } from './fixtures';

jest.setTimeout(300_000);

const tenantId = parseTenantId('65f0c0ffee0000000000aaaa');

/** A collector that exports logs as a tenant's writer. */
function exporting({ url }: ClickHouseServer, password: string): string {
  return JSON.stringify({
    receivers: { 'otlp/hyperdx': { protocols: { grpc: { endpoint: '0.0.0.0:4317' } } } },
    exporters: {
      clickhouse: {
        endpoint: `${url}?compress=none`,
        username: writerName(tenantId),
        password,
        database,
        create_schema: false,
        logs_table_name: `otel_logs_${tenantId}`,
        sending_queue: { enabled: false },
        retry_on_failure: { enabled: false },
      },
    },
    service: { pipelines: { logs: { receivers: ['otlp/hyperdx'], exporters: ['clickhouse'] } } },
  });
}

describe("the collector's exporter as a tenant's writer", () => {
  let server: ClickHouseServer;

  beforeAll(async () => {
    server = await startClickHouse({ password: 'admin', users: true });
  });

  afterAll(() => server.stop());

  it('stores what it is sent, with each password while there are two, and with the new one after', async () => {
    const admin = createClient(server.client());
    const reader = createClient({
      url: server.url,
      username: readerName(tenantId),
      password: 'reads',
      clickhouse_settings: { max_execution_time: 10 },
    });
    const access = accessFor({ tenantId, database, serverSettings: [] });
    const passwords = { reader: hashOf('reads'), writer: hashOf('old') };
    await admin.command({ query: `CREATE DATABASE ${database}` });
    for (const { sql } of [
      ...renderViewsDefiner(database, hashOf('unknown')),
      ...tablesOf(tenantId),
      ...renderAccess(access, passwords),
    ]) {
      await admin.command({ query: sql });
    }
    const stored = async (): Promise<number> => {
      const answer = await reader.query({
        query: `SELECT count() AS rows FROM otel_logs_${tenantId}`,
        format: 'JSONEachRow',
      });
      const [row] = await answer.json<{ rows: string }>();
      return Number(row?.rows);
    };
    /** Sends ten records with this password, and says how many arrived. */
    const send = async (password: string): Promise<number> => {
      const before = await stored();
      const collector = await startCollector({ config: [exporting(server, password)] });
      try {
        await runTelemetrygen({
          signal: 'logs',
          endpoint: `127.0.0.1:${collector.grpcPort}`,
          count: 10,
          allowFailures: true,
        });
        return (await stored()) - before;
      } finally {
        await collector.stop();
      }
    };

    try {
      expect(await send('old')).toBe(10);
      await admin.command({ query: renderAddPassword(access.writer, hashOf('new')).sql });
      expect(await send('old')).toBe(10);
      expect(await send('new')).toBe(10);
      await admin.command({ query: renderDropOldPasswords(access.writer).sql });
      expect(await send('new')).toBe(10);
      expect(await send('old')).toBe(0);
    } finally {
      await Promise.all([admin.close(), reader.close()]);
    }
  });
});
