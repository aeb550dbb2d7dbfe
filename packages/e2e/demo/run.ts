import { randomUUID } from 'node:crypto';

import { waitFor } from '@hyperdx-tenancy/devkit/process';
import type { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';
import { getTenantTableName, parseTenantId } from '@hyperdx-tenancy/domain/ids';

import { send } from '../harness/sender';
import { samplesFor } from '../harness/samples';
import { signalNames, signals } from '../harness/signals';
import type { TableCount } from '../harness/store';
import type { DemoStack } from './stack';

interface TableResult {
  table: string;
  sent: number;
  stored: number;
  /** Rows that belong to someone else. */
  foreign: number;
}

/** What the demo found. */
export interface DemoReport {
  /** True where every number is as it must be. */
  ok: boolean;
  tenants: {
    id: string;
    name: string;
    tables: TableResult[];
    /** Requests answered 401, of those sent under a key that nobody has, in this tenant's turn. */
    refused: number;
  }[];
}

/** The report as `--json` prints it. */
export interface DemoResult {
  ok: boolean;
  tenants: { id: string; name: string; tables: TableResult[] }[];
  /** Requests refused in all. */
  refused: number;
}

/** Records of each kind that each tenant sends, in so many requests. */
const REQUESTS = 2;
const RECORDS_PER_REQUEST = 10;
/** Requests under a wrong key for each tenant: one of each kind of route. */
const WRONG_ROUTES = 3;

/**
 * A supervisor that is offered a config a second lets its collector read up to four of them one after the other,
 * and one of 100 tenants takes that collector seconds on a small machine: it answers nobody meanwhile.
 */
const KEYS_TIMEOUT_MS = 120_000;
const SEND_DEADLINE_MS = 120_000;
const STORED_TIMEOUT_MS = 60_000;

const companies = ['Acme', 'Globex', 'Initech'];

/** Acme, Globex, Initech, and as many more as are asked for. */
export function tenantNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => companies[index] ?? `Tenant ${index + 1}`);
}

/** The JSON form of a report. */
export function demoResult({ ok, tenants }: DemoReport): DemoResult {
  return {
    ok,
    tenants: tenants.map(({ id, name, tables }) => ({ id, name, tables })),
    refused: tenants.reduce((sum, { refused }) => sum + refused, 0),
  };
}

interface Sent {
  tenant: TenantView;
  /** Acknowledged records by table. */
  byTable: Map<string, number>;
  refused: number;
}

async function sendOwn(
  endpoint: string,
  tenant: TenantView,
  signal: AbortSignal,
): Promise<Map<string, number>> {
  const [team] = tenant.teams;
  if (!team) throw new Error(`${tenant.name} has no team`);
  const byTable = new Map<string, number>();
  for (let request = 0; request < REQUESTS; request += 1) {
    const samples = samplesFor(tenant.id, RECORDS_PER_REQUEST, String(request));
    const options = { deadlineMs: SEND_DEADLINE_MS, signal };
    const { accepted } = await send(endpoint, team.apiKey, samples, 'demo', options);
    for (const sample of accepted) {
      const table = getTenantTableName(signals[sample.signal].table, parseTenantId(tenant.id));
      byTable.set(table, (byTable.get(table) ?? 0) + 1);
    }
  }
  return byTable;
}

/** Sends what nobody may send; answers how many requests were refused as such. */
async function sendWrong(endpoint: string, signal: AbortSignal): Promise<number> {
  const options = { deadlineMs: SEND_DEADLINE_MS, signal };
  const { refused } = await send(endpoint, randomUUID(), samplesFor('nobody', 1), 'demo', options);
  const unauthorized = refused.filter(({ status }) => status === 401);
  return new Set(unauthorized.map(({ sample }) => signals[sample.signal].route)).size;
}

function report(sent: readonly Sent[], stored: ReadonlyMap<string, TableCount>): DemoReport {
  const tenants = sent.map(({ tenant, byTable, refused }) => ({
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
    refused,
  }));
  const expected = REQUESTS * RECORDS_PER_REQUEST;
  const exact = (table: TableResult): boolean =>
    table.sent === expected && table.stored === expected && table.foreign === 0;
  const ok = tenants.every(
    ({ tables, refused }) => tables.every(exact) && refused === WRONG_ROUTES,
  );
  return { ok, tenants };
}

/**
 * The main job, once: makes tenants, sends under their keys and under wrong ones, and counts what is where.
 * @throws the signal's reason once that is aborted.
 */
export async function runDemo(
  { backend, collector }: DemoStack,
  count: number,
  progress: (line: string) => void,
  signal: AbortSignal,
): Promise<DemoReport> {
  const tenants: TenantView[] = [];
  for (const name of tenantNames(count)) {
    tenants.push(await backend.api.createTenant(name, undefined, signal));
    progress(`created ${name} (${tenants.length} of ${count})`);
  }
  progress('waiting for the collector to have the keys of all of them');
  const keys = tenants.flatMap(({ teams }) => teams.map(({ apiKey }) => apiKey));
  await collector.knows(keys, KEYS_TIMEOUT_MS, signal);

  progress('sending logs, traces, metrics and session replay for each, and some under wrong keys');
  const sent: Sent[] = [];
  for (const tenant of tenants) {
    const byTable = await sendOwn(collector.endpoint, tenant, signal);
    sent.push({ tenant, byTable, refused: await sendWrong(collector.endpoint, signal) });
  }

  progress('waiting for the rows');
  const places = tenants.map(({ id }) => ({ tenant: parseTenantId(id), owner: id }));
  const read = (): Promise<Map<string, TableCount>> => backend.store.counts(places, signalNames);
  await waitFor(async () => report(sent, await read()).ok, {
    what: 'the rows',
    timeoutMs: STORED_TIMEOUT_MS,
    intervalMs: 200,
    signal,
  }).catch((error: unknown) => {
    signal.throwIfAborted();
    // Where it stays off, the numbers are reported as they are.
    progress(`not all rows are as they should be: ${String(error)}`);
  });
  return report(sent, await read());
}
