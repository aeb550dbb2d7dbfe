import { setTimeout as sleep } from 'node:timers/promises';

import { parseTenantId } from '@hyperdx-tenancy/domain/ids';

import type { Sample } from './otlp';
import type { Signal } from './signals';
import type { Store } from './store';

/** What became of the records that a tenant was acknowledged. */
export interface Tally {
  acknowledged: number;
  /** Of these, records that are in the tenant's tables. */
  stored: number;
  /** Acknowledged and not stored. */
  lost: number;
  /** The first few of these. */
  missing: string[];
  /** Rows too many: the second and every later one of a record. */
  duplicates: number;
}

/** A tenant's records by id, with the number of rows that each has; what is not the tenant's is counted apart. */
interface Found {
  rows: Map<string, number>;
  foreign: number;
}

async function find(store: Store, tenantId: string, of: readonly Signal[]): Promise<Found> {
  const id = parseTenantId(tenantId);
  const rows = new Map<string, number>();
  let foreign = 0;
  for (const signal of of) {
    for (const record of await store.records(id, signal)) {
      if (record.owner !== tenantId) foreign += 1;
      const name = `${signal} ${record.id}`;
      rows.set(name, (rows.get(name) ?? 0) + 1);
    }
  }
  return { rows, foreign };
}

/** Names that are enough to look for the cause. */
const SHOWN = 5;

function tallyIn({ rows }: Found, acknowledged: readonly Sample[]): Tally {
  const missing: string[] = [];
  let [lost, duplicates] = [0, 0];
  for (const { signal, id } of acknowledged) {
    const name = `${signal} ${id}`;
    const count = rows.get(name) ?? 0;
    if (count > 1) duplicates += count - 1;
    if (count > 0) continue;
    lost += 1;
    if (missing.length < SHOWN) missing.push(name);
  }
  const stored = acknowledged.length - lost;
  return { acknowledged: acknowledged.length, stored, lost, missing, duplicates };
}

/** Several tenants' tallies as one. */
export function sumOf(tallies: readonly Tally[]): Tally {
  const sum = (of: 'acknowledged' | 'stored' | 'lost' | 'duplicates'): number =>
    tallies.reduce((total, tally) => total + tally[of], 0);
  return {
    acknowledged: sum('acknowledged'),
    stored: sum('stored'),
    lost: sum('lost'),
    missing: tallies.flatMap(({ missing }) => missing).slice(0, SHOWN),
    duplicates: sum('duplicates'),
  };
}

/** Exporters flush once a second, and try again after 5, 7, 11, 17 and 25 seconds: a busy engine may take some of these. */
const STORED_TIMEOUT_MS = 100_000;
const AGAIN_MS = 1_000;

/**
 * Looks for every acknowledged record of a tenant, again until all are there or none can be expected any more.
 * @param signals the tables to look in; @param parts what was acknowledged, part by part.
 * @returns an account for each part, and rows in the tenant's tables that are another's.
 */
export async function talliesOf(
  store: Store,
  tenantId: string,
  signals: readonly Signal[],
  parts: readonly (readonly Sample[])[],
  timeoutMs = STORED_TIMEOUT_MS,
): Promise<{ tallies: Tally[]; foreign: number }> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await find(store, tenantId, signals);
    const tallies = parts.map((part) => tallyIn(found, part));
    if (sumOf(tallies).lost === 0 || Date.now() > deadline) {
      return { tallies, foreign: found.foreign };
    }
    await sleep(AGAIN_MS);
  }
}
