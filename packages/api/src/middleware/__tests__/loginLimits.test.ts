import type { Context } from '../../controllers/context';
import { Metrics } from '../../metrics';
import { createLogger } from '../../utils/logger';
import { LoginLimits } from '../loginLimits';

const context: Pick<Context, 'metrics' | 'log'> = {
  metrics: new Metrics(),
  log: createLogger('silent'),
};

const times = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** How many of so many tries at once are let through. */
async function letThrough(tries: Promise<unknown>[]): Promise<number> {
  const outcomes = await Promise.allSettled(tries);
  for (const outcome of outcomes) {
    if (outcome.status === 'rejected')
      expect(outcome.reason).toMatchObject({ code: 'too_many_attempts', status: 429 });
  }
  return outcomes.filter(({ status }) => status === 'fulfilled').length;
}

it('of many tries at once at one account, ten are let through, from wherever they come', async () => {
  const limits = new LoginLimits(context);
  const tries = times(500).map((n) => limits.begin(`10.0.${n >> 8}.${n & 255}`, 'ada@b.example'));
  expect(await letThrough(tries)).toBe(10);
});

it('of many tries at once from one network, twenty are let through, at whatever accounts', async () => {
  const limits = new LoginLimits(context);
  const tries = times(500).map((n) => limits.begin('192.0.2.7', `user-${n}@b.example`));
  expect(await letThrough(tries)).toBe(20);
  expect(await letThrough([limits.begin('192.0.2.7')])).toBe(0);
  expect(await letThrough([limits.begin('192.0.2.8')])).toBe(1);
});

it('tries that succeed, or were none, do not count', async () => {
  const limits = new LoginLimits(context);
  for (const n of times(100)) {
    const attempt = await limits.begin('192.0.2.7', 'ada@b.example');
    await (n % 2 === 0 ? attempt.succeeded() : attempt.withdraw());
  }
  expect(await letThrough([limits.begin('192.0.2.7', 'ada@b.example')])).toBe(1);
});

it('who has signed in from there lately is not locked out by others; their neighbours are', async () => {
  const limits = new LoginLimits(context);
  await (await limits.begin('192.0.2.7', 'ada@b.example')).succeeded();
  await letThrough(times(50).map((n) => limits.begin(`10.0.0.${n}`, 'ada@b.example')));
  expect(await letThrough([limits.begin('192.0.2.7', 'ada@b.example')])).toBe(1);
  expect(await letThrough([limits.begin('192.0.2.8', 'ada@b.example')])).toBe(0);
});
