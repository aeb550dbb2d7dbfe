import { tenantStatuses } from '@hyperdx-tenancy/domain/contracts/tenant';
import type { TenantStatus } from '@hyperdx-tenancy/domain/contracts/tenant';
import mongoose from 'mongoose';

import Tenant from '../models/tenant';

export type TenantCounts = Record<TenantStatus, number>;

/** Scrapes come every few seconds, from several places: the collection is counted once in this time. */
const COUNT_EVERY_MS = 5_000;
const TIMEOUT_MS = 2_000;

async function count(): Promise<TenantCounts> {
  // Asked while it is not connected, mongoose would wait for it.
  if (mongoose.connection.readyState !== mongoose.ConnectionStates.connected)
    throw new Error('not connected');
  const found = await Tenant.aggregate<{ _id: TenantStatus; count: number }>(
    [{ $group: { _id: '$status', count: { $sum: 1 } } }],
    { maxTimeMS: TIMEOUT_MS },
  );
  const counts = new Map(found.map(({ _id, count: tenants }) => [_id, tenants]));
  return Object.fromEntries(
    tenantStatuses.map((status) => [status, counts.get(status) ?? 0]),
  ) as TenantCounts;
}

/** `undefined` where it fails, or takes longer than a scrape should. */
async function countInTime(): Promise<TenantCounts | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), TIMEOUT_MS);
  });
  return Promise.race([count().catch(() => undefined), late]).finally(() => clearTimeout(timer));
}

/**
 * A count of all tenants by status, one query and at most once in {@link COUNT_EVERY_MS}.
 * @param now the clock, in milliseconds.
 * @returns a function whose answer is `undefined` while MongoDB does not answer; it never throws.
 */
export function createTenantCounter(
  now: () => number = Date.now,
): () => Promise<TenantCounts | undefined> {
  let asked: { at: number; answer: Promise<TenantCounts | undefined> } | undefined;
  return () => {
    if (!asked || now() - asked.at >= COUNT_EVERY_MS) asked = { at: now(), answer: countInTime() };
    return asked.answer;
  };
}
