import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import { defaultRetention, planRetention } from '@hyperdx-tenancy/domain/tables';

import { context, database, sampleCounts, useTableEngine } from './tableEngine';

const acme = parseTenantId('0123456789abcdef01234567');
const logs = `${database}.otel_logs_${acme}`;

const engine = useTableEngine();

describe('planRetention', () => {
  /** Each column's file of each part in use, with its number: a link keeps it, a copy does not. */
  async function dataFiles(): Promise<string[]> {
    const parts = await engine.rows<{ path: string }>(
      `SELECT path FROM system.parts
       WHERE database = '${database}' AND table = 'otel_logs_${acme}' AND active ORDER BY name`,
    );
    return parts.flatMap(({ path }) =>
      readdirSync(path)
        .filter((name) => /\.(bin|idx)$/.test(name))
        .map((name) => `${name} ${statSync(join(path, name)).ino}`),
    );
  }
  const rowsOf = (files: string[]) => files.filter((file) => !file.startsWith('Timestamp.bin '));

  it('changes the TTL of a signal’s tables, and writes nothing anew but the time column', async () => {
    const of = context(acme);
    await engine.create(of);
    // A file a column, as parts of 10 MB and more have it; smaller ones are a single file.
    await engine.run([{ sql: `ALTER TABLE ${logs} MODIFY SETTING min_bytes_for_wide_part = 0` }]);
    await engine.insertSamples(acme);
    const before = await dataFiles();
    expect(before.length).toBeGreaterThan(20);

    const longer = { ...of, retention: { ...defaultRetention, logs: 1440 } };
    await engine.run(planRetention(longer, of.retention));
    const ttl = await engine.rows<{ name: string; hours: string }>(
      `SELECT name, extract(create_table_query, 'TTL [^,]* \\\\+ toIntervalHour\\\\((\\\\d+)\\\\)') AS hours
       FROM system.tables WHERE database = '${database}' AND engine LIKE '%MergeTree' ORDER BY name`,
    );
    for (const { name, hours } of ttl) {
      expect([name, hours]).toEqual([name, /^otel_logs_/.test(name) ? '1440' : '720']);
    }

    await expectDone();
    const [ends] = await engine.rows<{ max: string }>(
      `SELECT toString(max(delete_ttl_info_max)) AS max FROM system.parts
       WHERE database = '${database}' AND table = 'otel_logs_${acme}' AND active`,
    );
    // 60 days after 2 January 2099.
    expect(ends?.max).toMatch(/^2099-03-03 /);
    const after = await dataFiles();
    // What is new are the block numbers of a mutated part.
    expect(after).toEqual(expect.arrayContaining(rowsOf(before)));

    // As after a crash.
    await engine.run(planRetention(longer));
    await expectDone();
    expect(await dataFiles()).toEqual(after);
    expect(await engine.counts(acme)).toEqual(sampleCounts);
  }, 60_000);

  async function expectDone(): Promise<void> {
    const deadline = Date.now() + 30_000;
    let found = await engine.mutations();
    while (JSON.stringify(found).includes('"done":false') && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      found = await engine.mutations();
    }
    const done = { command: '(MATERIALIZE TTL)', done: true };
    expect(found).toEqual([
      { table: `otel_logs_${acme}`, ...done },
      { table: `otel_logs_kv_rollup_15m_${acme}`, ...done },
    ]);
  }
});
