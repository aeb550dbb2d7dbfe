import { createLogger } from '../../utils/logger';
import { PeriodicTask } from '../periodic';

const log = createLogger('silent');
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

it('goes on after a round that fails, never runs two at once, and waits for the last one when it stops', async () => {
  let rounds = 0;
  let running = 0;
  let most = 0;
  const task = new PeriodicTask({
    name: 'test',
    everyMs: 1,
    log,
    work: async () => {
      rounds += 1;
      running += 1;
      most = Math.max(most, running);
      await pause(3);
      running -= 1;
      if (rounds === 1) throw new Error('the first fails');
    },
  });
  task.start();
  for (let i = 0; i < 500 && rounds < 3; i += 1) await pause(2);
  expect(rounds).toBeGreaterThanOrEqual(3);
  await task.stop();
  expect(running).toBe(0);
  const after = rounds;
  await pause(20);
  expect([most, rounds]).toEqual([1, after]);
});
