import { afterFault, MAX_ATTEMPTS } from '../provisioningPolicy';

const now = new Date('2026-01-01T00:00:00Z');
const pause = (attempt: number, random: number): number =>
  (afterFault('clickhouse_unavailable', attempt, now, () => random).nextAttemptAt?.getTime() ?? 0) -
  now.getTime();

describe('afterFault', () => {
  it('goes on after an outage, with pauses that double up to a minute', () => {
    expect([1, 2, 3, 6, 7].map((attempt) => pause(attempt, 1))).toEqual([
      2_000, 4_000, 8_000, 60_000, 60_000,
    ]);
  });

  it('spreads those who were stopped together', () => {
    expect([0, 0.5, 1].map((random) => pause(3, random))).toEqual([4_000, 6_000, 8_000]);
  });

  it('gives up in the end', () => {
    expect(afterFault('clickhouse_unavailable', MAX_ATTEMPTS, now)).toEqual({
      status: 'failed',
      nextAttemptAt: null,
    });
  });

  it.each(['clickhouse_rejected', 'ingestion_key_taken', 'foreign_table', 'internal'] as const)(
    'does not try again what would fail the same way: %s',
    (code) => expect(afterFault(code, 1, now)).toEqual({ status: 'failed', nextAttemptAt: null }),
  );
});
