import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import { platformSettings } from '@hyperdx-tenancy/domain/plans';
import type { Settings } from '@hyperdx-tenancy/domain/plans';

import { Traffic } from '../traffic';

const a = parseTenantId('a'.repeat(24));
const b = parseTenantId('b'.repeat(24));

function settings(maxConcurrentQueries: number, queries?: number): Settings {
  const interval =
    queries === undefined ? { seconds: 3_600 as const } : { seconds: 60 as const, queries };
  return {
    ...platformSettings,
    reader: { ...platformSettings.reader, maxConcurrentQueries },
    quota: { ...platformSettings.quota, reader: [interval] },
  };
}
const tooMany = (retryAfterSeconds: number): unknown =>
  expect.objectContaining({ code: 'too_many_queries', status: 429, retryAfterSeconds });

it('holds each tenant to its own queries at once', () => {
  const traffic = new Traffic();
  const leave = traffic.enter(a, settings(2));
  traffic.enter(a, settings(2));
  expect(() => traffic.enter(a, settings(2))).toThrow(tooMany(1) as Error);
  traffic.enter(b, settings(2));
  leave();
  expect(() => traffic.enter(a, settings(2))).not.toThrow();
  expect(() => traffic.enter(a, settings(2))).toThrow(tooMany(1) as Error);
});

it('holds each tenant to its own queries a minute, and says when to come back', () => {
  let now = 1_000_000;
  const traffic = new Traffic(() => now);
  const ask = (tenant = a): void => traffic.enter(tenant, settings(9, 3))();
  for (let query = 0; query < 3; query += 1) ask();
  now += 20_500;
  expect(() => ask()).toThrow(tooMany(40) as Error);
  expect(() => ask(b)).not.toThrow();
  now += 39_500;
  expect(() => ask()).not.toThrow();
});

it('has a limit for tenants whose quota states none', () => {
  const traffic = new Traffic(() => 0);
  for (let query = 0; query < 6_000; query += 1) traffic.enter(a, settings(9))();
  expect(() => traffic.enter(a, settings(9))).toThrow(tooMany(60) as Error);
});
