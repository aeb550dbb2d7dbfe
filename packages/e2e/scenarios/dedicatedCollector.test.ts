import type { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';

import { grpcStatus } from '../harness/grpc';
import type { Sample } from '../harness/otlp';
import { samplesFor } from '../harness/samples';
import { send } from '../harness/sender';
import { startBackend, startManagedCollector } from '../harness/stack';
import type { Backend, Collector } from '../harness/stack';
import { expectExactly, marked } from './accounts';

let backend: Backend;
let acme: TenantView;
let globex: TenantView;
let collector: Collector;

const keyOf = (tenant: TenantView): string => tenant.teams[0]?.apiKey ?? '';

beforeAll(async () => {
  backend = await startBackend();
  acme = await backend.api.createTenant('Acme');
  globex = await backend.api.createTenant('Globex');
  const { token } = await backend.api.createCollectorToken("Acme's own", {
    kind: 'dedicated',
    team: acme.teams[0]?.id ?? '',
  });
  collector = await startManagedCollector(backend.api.opampUrl, token);
  await collector.knows([keyOf(acme)]);
}, 180_000);

afterAll(async () => {
  await collector.stop();
  await backend.stop();
}, 60_000);

let stored: readonly Sample[] = [];

it("stores every record of the team once, in its tenant's tables", async () => {
  const account = await send(collector.endpoint, keyOf(acme), samplesFor(acme.id, 50));
  expect(account.refused).toEqual([]);
  stored = account.accepted;
  await expectExactly(backend.store, acme.id, stored);
}, 60_000);

it("refuses another tenant's key, over HTTP and gRPC", async () => {
  const { accepted, refused } = await send(
    collector.endpoint,
    keyOf(globex),
    samplesFor(globex.id, 1),
  );
  expect(accepted).toEqual([]);
  expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([401]));
  expect(await grpcStatus(`127.0.0.1:${collector.supervisor.grpcPort}`, keyOf(globex))).toBe(
    'UNAUTHENTICATED',
  );
  stored = await marked(collector.endpoint, keyOf(acme), acme.id, stored);
  await expectExactly(backend.store, acme.id, stored);
  await expectExactly(backend.store, globex.id, []);
}, 60_000);

it('was given nothing of another tenant: no key, no id', () => {
  const config = collector.supervisor.effectiveConfig();
  expect(config).toContain(acme.id);
  expect(config).not.toContain(globex.id);
  expect(config).not.toContain(keyOf(globex));
});
