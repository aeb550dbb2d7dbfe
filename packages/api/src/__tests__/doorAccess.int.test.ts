import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { DoorAccess } from '@hyperdx-tenancy/domain/contracts/door';

import { useServer } from '../fixtures';

const { server, engines } = useServer();

async function make(name: string): Promise<string> {
  const { status, json } = await server.request('POST', '/tenancy/v1/tenants', { body: { name } });
  expect(status).toBe(201);
  return String(json['id']);
}

it('programs of a tenant ask at the door for its telemetry, and for nobody else’s', async () => {
  const [acme, globex] = [await make('Acme'), await make('Globex')];
  for (const id of [acme, globex]) {
    await engines.admin.insert({
      table: `otel_logs_${id}`,
      values: [{ Timestamp: new Date().toISOString(), Body: `of ${id}` }],
      format: 'JSONEachRow',
      clickhouse_settings: { date_time_input_format: 'best_effort' },
    });
  }
  const { json, headers } = await server.request('GET', `/tenancy/v1/tenants/${acme}/door`);
  expect(headers.get('cache-control')).toBe('no-store');
  const { url, database, logins } = json as unknown as DoorAccess;
  expect(url).toBe(server.doorUrl);
  const { username = '', password = '' } = logins[0] ?? {};
  const log = { level: ClickHouseLogLevel.OFF };
  const client = createClient({ url, username, password, database, log });
  try {
    const rows = async (query: string): Promise<unknown> =>
      (await client.query({ query, format: 'JSONEachRow' })).json();
    expect(await rows(`SELECT Body FROM otel_logs_${acme}`)).toEqual([{ Body: `of ${acme}` }]);
    await expect(rows(`SELECT Body FROM otel_logs_${globex}`)).rejects.toMatchObject({
      code: '497',
    });
  } finally {
    await client.close();
  }
});
