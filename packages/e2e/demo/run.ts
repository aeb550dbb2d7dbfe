import { randomUUID } from 'node:crypto';

import { waitFor } from '@hyperdx-tenancy/devkit/process';
import type { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';
import { getTenantTableName, parseTenantId } from '@hyperdx-tenancy/domain/ids';

import { send } from '../harness/sender';
import { samplesFor } from '../harness/samples';
import { signalNames, signals } from '../harness/signals';
import { startBackend, startManagedCollector } from '../harness/stack';
import type { Backend, Collector } from '../harness/stack';
import type { TableCount } from '../harness/store';

/** What the demo found, as `--json` prints it. */
export interface DemoResult {
  /** True where every number is as it must be. */
  ok: boolean;
  tenants: {
    id: string;
    name: string;
    tables: { table: string; sent: number; stored: number; foreign: number }[];
  }[];
  /** Requests answered 401, of those sent under a key that nobody has. */
  refused: number;
}

export interface DemoStack {
  backend: Backend;
  collector: Collector;
  stop(): Promise<void>;
}

/** Records of each kind that each tenant sends, in so many requests. */
const REQUESTS = 2;
const RECORDS_PER_REQUEST = 10;
/** Requests under a wrong key for each tenant: one of each kind of route. */
const WRONG_ROUTES = 3;

const STORED_TIMEOUT_MS = 30_000;

const companies = ['Acme', 'Globex', 'Initech'];

/** Acme, Globex, Initech, and as many more as are asked for. */
export function tenantNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => companies[index] ?? `Tenant ${index + 1}`);
}

export async function startDemoStack(progress: (line: string) => void): Promise<DemoStack> {
  const backend = await startBackend({ progress });
  try {
    progress('starting a collector under its OpAMP supervisor');
    const { api } = backend;
    const collector = await startManagedCollector(api.opampUrl, api.collectorToken);
    return {
      backend,
      collector,
      async stop() {
        await collector.stop().finally(() => backend.stop());
      },
    };
  } catch (error) {
    await backend.stop();
    throw error;
  }
}

interface Sent {
  tenant: TenantView;
  /** Acknowledged records by table. */
  byTable: Map<string, number>;
}

async function sendFor(endpoint: string, tenant: TenantView): Promise<Sent> {
  const [team] = tenant.teams;
  if (!team) throw new Error(`${tenant.name} has no team`);
  const byTable = new Map<string, number>();
  for (let request = 0; request < REQUESTS; request += 1) {
    const { accepted } = await send(
      endpoint,
      team.apiKey,
      samplesFor(tenant.id, RECORDS_PER_REQUEST, String(request)),
      'demo',
    );
    for (const { signal } of accepted) {
      const table = getTenantTableName(signals[signal].table, parseTenantId(tenant.id));
      byTable.set(table, (byTable.get(table) ?? 0) + 1);
    }
  }
  return { tenant, byTable };
}

/** Sends what nobody may send; answers how many requests were refused as such. */
async function sendWrong(endpoint: string): Promise<number> {
  const { refused } = await send(endpoint, randomUUID(), samplesFor('nobody', 1));
  const unauthorized = refused.filter(({ status }) => status === 401);
  return new Set(unauthorized.map(({ sample }) => signals[sample.signal].route)).size;
}

function report(
  sent: readonly Sent[],
  stored: ReadonlyMap<string, TableCount>,
  refused: number,
): DemoResult {
  const tenants = sent.map(({ tenant, byTable }) => ({
    id: tenant.id,
    name: tenant.name,
    tables: signalNames.map((signal) => {
      const table = getTenantTableName(signals[signal].table, parseTenantId(tenant.id));
      const count = stored.get(table);
      return {
        table,
        sent: byTable.get(table) ?? 0,
        stored: count?.stored ?? 0,
        foreign: count?.foreign ?? 0,
      };
    }),
  }));
  const expected = REQUESTS * RECORDS_PER_REQUEST;
  const exact = tenants
    .flatMap(({ tables }) => tables)
    .every((table) => table.sent === expected && table.stored === expected && table.foreign === 0);
  return { ok: exact && refused === sent.length * WRONG_ROUTES, tenants, refused };
}

/** The main job, once: makes tenants, sends under their keys and under wrong ones, and counts what is where. */
export async function runDemo(
  { backend, collector }: DemoStack,
  count: number,
  progress: (line: string) => void,
): Promise<DemoResult> {
  const tenants: TenantView[] = [];
  for (const name of tenantNames(count)) {
    tenants.push(await backend.api.createTenant(name));
    progress(`created ${name} (${tenants.length} of ${count})`);
  }
  progress('waiting for the collector to have the keys of all of them');
  await collector.knows(tenants.flatMap(({ teams }) => teams.map(({ apiKey }) => apiKey)));

  progress('sending logs, traces, metrics and session replay for each, and some under wrong keys');
  const sent: Sent[] = [];
  let refused = 0;
  for (const tenant of tenants) {
    sent.push(await sendFor(collector.endpoint, tenant));
    refused += await sendWrong(collector.endpoint);
  }

  progress('waiting for the rows');
  const places = tenants.map(({ id }) => ({ tenant: parseTenantId(id), owner: id }));
  const read = (): Promise<Map<string, TableCount>> => backend.store.counts(places, signalNames);
  // Where it stays off, the numbers are reported as they are.
  await waitFor(async () => report(sent, await read(), refused).ok, {
    what: 'the rows',
    timeoutMs: STORED_TIMEOUT_MS,
    intervalMs: 200,
  }).catch((error: unknown) => progress(`not all rows are as they should be: ${String(error)}`));
  return report(sent, await read(), refused);
}
