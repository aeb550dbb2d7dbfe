import { startClickHouse } from '@hyperdx-tenancy/devkit/clickhouse';
import { openMongo } from '@hyperdx-tenancy/devkit/engines';
import { waitFor } from '@hyperdx-tenancy/devkit/process';

import { createContext } from '../../controllers/context';
import type { Context } from '../../controllers/context';
import { enginesOf, useServer } from '../../fixtures';
import Tenant from '../../models/tenant';
import { createLogger } from '../../utils/logger';
import { askerOf, makeAsker, openDoor } from './openDoor';
import type { Asker, OpenDoor } from './openDoor';

// Of a real server the administrator of the tests may lack rights; here there are users wherever the tests run.
const { server, engines } = useServer({
  env: { TENANCY_ACCESS_MODE: 'grants' },
  engines: async () => {
    const [clickhouse, mongo] = await Promise.all([
      startClickHouse({ password: 'the-administrators', users: true }),
      openMongo({ own: true }),
    ]);
    const embedded = { engine: 'embedded', exporterEndpoint: clickhouse.url } as const;
    return enginesOf(Object.assign(clickhouse, embedded), mongo);
  },
});
let context: Context;
let door: OpenDoor;
let a: Asker;
let b: Asker;

beforeAll(async () => {
  context = createContext(server.config, createLogger('silent'));
  door = await openDoor({ context });
  a = await makeAsker(server, context, 'A');
  b = await makeAsker(server, context, 'B');
  await engines.admin.command({
    query: `INSERT INTO otel_logs_${a.id} (Timestamp, Body) SELECT now(), 'row' FROM numbers(10)`,
  });
}, 120_000);

afterAll(async () => {
  await door.close();
  await context.targets.close();
}, 60_000);

const own = (): string => `SELECT count() FROM default.otel_logs_${a.id}`;

it('runs queries as the tenant’s reader, with what HyperDX sends', async () => {
  const sent =
    'readonly=2&max_execution_time=60&date_time_output_format=iso&allow_experimental_analyzer=1';
  expect(await door.ask(a, own(), sent)).toMatchObject({ status: 200, text: '10\n' });
  const { status } = await door.ask(a, `SELECT count() FROM default.otel_logs_${b.id}`);
  expect(status).toBe(403);
});

it('does not rely on the guard: a reader has no rights to another’s tables', async () => {
  const open = await openDoor({
    context,
    guard: {
      judge: ({ text }) => Promise.resolve({ allowed: true, kind: 'select', text, settings: [] }),
    },
  });
  try {
    const others = await open.ask(a, `SELECT count() FROM default.otel_logs_${b.id}`);
    expect([others.status, others.text]).toEqual([403, expect.stringContaining('Code: 497.')]);
    // Nor is the name of what was asked for without a right to it told.
    expect(others.text).not.toContain(b.id);
    expect((await open.ask(a, `TRUNCATE TABLE default.otel_logs_${a.id}`)).status).toBe(403);
  } finally {
    await open.close();
  }
});

it('packs answers for who asks for it', async () => {
  const answer = await fetch(`${door.url}/?enable_http_compression=1`, {
    method: 'POST',
    headers: { ...door.headers(a), 'accept-encoding': 'gzip' },
    body: own(),
  });
  expect([answer.status, await answer.text()]).toEqual([200, '10\n']);
});

it('lets a team in by the passwords before and after a rotation, as long as it goes on', async () => {
  const before = a;
  await Tenant.updateOne(
    { _id: a.id },
    {
      change: {
        kind: 'rotation',
        step: 'add',
        attempt: 0,
        since: new Date(),
        lastError: null,
        nextAttemptAt: new Date(Date.now() + 3_600_000),
        to: context.keyring.next(context.keyring.first()),
      },
    },
  );
  const after = {
    ...a,
    password: context.keyring.doorPassword(
      a.teamId,
      context.keyring.next(context.keyring.first()),
    )!,
  };
  const opens = async (asker: Asker): Promise<boolean> =>
    (await door.ask(asker, 'SELECT 1')).status !== 403;
  await waitFor(async () => (await opens(after)) || undefined, {
    what: 'the new password',
    timeoutMs: 5_000,
  });
  expect(await opens(before)).toBe(true);
  await Tenant.updateOne({ _id: a.id }, { change: null });

  const { status } = await server.request('POST', `/tenancy/v1/tenants/${a.id}/rotate`, {
    body: { force: true },
  });
  expect(status).toBe(200);
  expect((await askerOf(a.id, context)).password).toBe(after.password);
  await waitFor(async () => !(await opens(before)) || undefined, {
    what: 'the old password to be of no use',
    timeoutMs: 5_000,
  });
  expect((await door.ask(after, own())).text).toBe('10\n');
}, 60_000);
