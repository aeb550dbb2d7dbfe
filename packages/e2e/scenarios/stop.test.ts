import { startBackend } from '../harness/stack';
import type { Backend } from '../harness/stack';

let backend: Backend;

beforeAll(async () => {
  backend = await startBackend();
}, 180_000);

afterAll(async () => {
  await backend.stop();
}, 60_000);

it('ends in good order when asked to, also after a creation that an outage stopped', async () => {
  await backend.clickhouse.kill();
  expect((await backend.api.call('POST', '/tenants', { name: 'Stopped' })).status).toBe(503);
  await backend.clickhouse.restart();
  // Ended with SIGKILL where it does not end by itself.
  await backend.api.stop();
  expect(await backend.api.exited()).toEqual({ code: 0, signal: null });
}, 60_000);
