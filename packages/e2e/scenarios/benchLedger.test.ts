import { createClient } from '@clickhouse/client';
import type { ClickHouseClient } from '@clickhouse/client';
import { startClickHouse } from '@hyperdx-tenancy/devkit/clickhouse';
import type { ClickHouseServer } from '@hyperdx-tenancy/devkit/clickhouse';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';

import { Ledger } from '../bench/ledger';
import { ID_ATTRIBUTE } from '../harness/signals';

const acme = parseTenantId('a'.repeat(24));
const globex = parseTenantId('b'.repeat(24));
const { signal } = new AbortController();

let server: ClickHouseServer;
let client: ClickHouseClient;

beforeAll(async () => {
  server = await startClickHouse();
  client = createClient(server.client());
}, 60_000);

afterAll(async () => {
  await client.close();
  await server.stop();
});

beforeEach(async () => {
  for (const tenant of [acme, globex]) {
    await client.command({
      query: `CREATE OR REPLACE TABLE otel_logs_${tenant} (LogAttributes Map(LowCardinality(String), String)) ORDER BY ()`,
    });
  }
});

async function store(tenant: TenantId, ids: readonly number[]): Promise<void> {
  await client.insert({
    table: `otel_logs_${tenant}`,
    values: ids.map((id) => ({ LogAttributes: { [ID_ATTRIBUTE]: String(id) } })),
    format: 'JSONEachRow',
  });
}

/** Ten records of each tenant, all acknowledged: 0 to 9 and 10 to 19. */
function ledgerOfTwenty(): Ledger {
  const ledger = new Ledger(20, [acme, globex]);
  for (const tenant of [acme, globex]) ledger.acknowledge(ledger.take(10), 10, tenant);
  return ledger;
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

it('finds nothing wrong where each record is once in its own table', async () => {
  await store(acme, range(0, 10));
  await store(globex, range(10, 20));
  const verdict = await ledgerOfTwenty().check(client, signal);
  expect(verdict).toEqual({ missing: 0, duplicates: 0, foreign: 0 });
});

it('counts what is missing, what is there twice, and what lies with another tenant', async () => {
  // 8 and 9 are nowhere; 3 is there twice and 4 three times, in one insert and in another.
  await store(acme, [...range(0, 8), 3, 4]);
  await store(acme, [4]);
  // 12 lies in the wrong table and is missing in its own.
  await store(globex, [10, 11, ...range(13, 20)]);
  await store(acme, [12]);
  const verdict = await ledgerOfTwenty().check(client, signal);
  expect(verdict).toEqual({ missing: 3, duplicates: 3, foreign: 1 });
});

it('does not miss what was never acknowledged', async () => {
  const ledger = new Ledger(20, [acme, globex]);
  ledger.take(20);
  expect(await ledger.check(client, signal)).toEqual({ missing: 0, duplicates: 0, foreign: 0 });
});

it('gives each number once, and no more than it was made for', () => {
  const ledger = new Ledger(5, [acme]);
  expect([ledger.take(2), ledger.take(3)]).toEqual([0, 2]);
  expect(() => ledger.take(1)).toThrow(RangeError);
});
