import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { waitFor } from '@hyperdx-tenancy/devkit/process';
import { AuditPage } from '@hyperdx-tenancy/domain/contracts/audit';
import type { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';

import type { Api } from '../harness/api';
import { createGroup } from '../harness/collectorGroups';
import type { GroupAdmin } from '../harness/collectorGroups';
import { startCollectorKind } from '../harness/collectorKinds';
import type { CollectorKind } from '../harness/collectorKinds';
import type { Sample } from '../harness/otlp';
import { samplesFor } from '../harness/samples';
import { keyIsKnown, send } from '../harness/sender';
import { startBackend } from '../harness/stack';
import type { Backend, Collector } from '../harness/stack';
import { expectExactly } from './accounts';
import { senderOf } from './collectorLoads';

/*
 * A collector that was one of a group's comes with another group's token, to another process of the service.
 */

const KINDS = ['our supervisor file over ws', 'a stock-like one over http'] as const;
const PATIENCE = { timeoutMs: 150_000, intervalMs: 500 };
/** Several times as often as agents' notes are written. */
const TWICE_MS = 10_000;

let backend: Backend;
let other: Api;
let acme: TenantView;
let globex: TenantView;
/** What was acknowledged, of each tenant. */
const stored: Record<'before' | 'after', Sample[]> = { before: [], after: [] };

interface Group extends GroupAdmin {
  token: string;
}

async function makeGroup(name: string, { id }: TenantView): Promise<Group> {
  const admin = await createGroup(backend.api, { name, members: { tenants: [id] } });
  const { token } = await backend.api.createCollectorToken(name, { kind: 'named', name });
  return { ...admin, token };
}

beforeAll(async () => {
  backend = await startBackend({ endpointParameters: { dial_timeout: '10s' } });
  const { api } = backend;
  other = await api.another();
  [acme, globex] = [await api.createTenant('Acme'), await api.createTenant('Globex')];
}, 180_000);

afterAll(async () => {
  await other.stop();
  await backend.stop();
}, 60_000);

/** The agents of which it was recorded that they moved, as often as it was. */
async function moved(): Promise<string[]> {
  const { body } = await backend.api.call('GET', '/audit?action=collectorAgent.move');
  return AuditPage.parse(body).data.map(({ subject }) => String(subject));
}

/** The one agent that is connected as one of a group. */
async function agentOf(group: GroupAdmin): Promise<string> {
  const connected = async (): Promise<string[]> =>
    (await group.agents()).map(({ instanceUid }) => instanceUid);
  await waitFor(async () => (await connected()).length === 1, {
    ...PATIENCE,
    what: 'one collector to be connected',
  });
  const [uid] = await connected();
  return uid ?? '';
}

/** Moves one from a group to another, and from one process to the other. @returns its instance UID. */
async function move(kind: CollectorKind, at: number): Promise<string> {
  const [before, after] = [senderOf(acme), senderOf(globex)];
  const former = await makeGroup(`former-${at}`, acme);
  const later = await makeGroup(`later-${at}`, globex);
  const dir = await mkdtemp(join(tmpdir(), 'collector-move-'));
  let collector: Collector | undefined;
  try {
    collector = await startCollectorKind(kind, backend.api, former.token, { dir });
    await collector.knows([before.key]);
    expect(await keyIsKnown(collector.endpoint, after.key)).toBe(false);
    const uid = await agentOf(former);
    const last = await send(collector.endpoint, before.key, samplesFor(before.id, 20, kind));
    expect(last.refused).toEqual([]);

    // At once: what was let in is in its queues.
    const { supervisor: ports } = collector;
    await collector.stop();
    collector = await startCollectorKind(kind, other, later.token, { dir, ports });
    await collector.knows([after.key]);

    // The same collector, of the other group alone.
    expect(await agentOf(later)).toBe(uid);
    await waitFor(async () => (await former.agents()).length === 0, {
      ...PATIENCE,
      what: 'the former group to have no collector',
    });
    expect(await keyIsKnown(collector.endpoint, before.key)).toBe(false);
    const config = collector.supervisor.effectiveConfig();
    expect(config).toContain(after.id);
    expect(config).not.toContain(before.id);
    expect(config).not.toContain(before.key);

    const first = await send(collector.endpoint, after.key, samplesFor(after.id, 5, kind));
    expect(first.refused).toEqual([]);
    stored.before.push(...last.accepted);
    stored.after.push(...first.accepted);
    await waitFor(async () => (await moved()).includes(uid), {
      ...PATIENCE,
      what: 'the move to be in the audit',
    });
    return uid;
  } finally {
    await collector?.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

it('a collector moves: it is recorded once, and nothing that it had let in is lost', async () => {
  const uids = await Promise.all(KINDS.map(move));
  await expectExactly(backend.store, acme.id, stored.before);
  await expectExactly(backend.store, globex.id, stored.after);
  await sleep(TWICE_MS);
  expect((await moved()).toSorted()).toEqual(uids.toSorted());
}, 400_000);
