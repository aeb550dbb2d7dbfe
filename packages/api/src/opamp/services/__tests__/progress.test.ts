import type { AgentProgress } from '../../../controllers/collectorAgents';
import { createLogger } from '../../../utils/logger';
import { Progress } from '../progress';

/** Lets timers of 0 ms and all that follows from them run. */
const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

function setUp() {
  const written: (readonly AgentProgress[])[] = [];
  const ends: ((error?: Error) => void)[] = [];
  let now = 0;
  const progress = new Progress({
    forget: () => Promise.resolve(),
    write: (agents) => {
      written.push(agents);
      return new Promise((resolve, reject) =>
        ends.push((error) => (error ? reject(error) : resolve())),
      );
    },
    log: createLogger('silent'),
    now: () => now,
    flushMs: 0,
  });
  return { progress, written, ends, pass: (ms: number) => (now += ms) };
}

describe('Progress', () => {
  it('writes what changed, all of it together', async () => {
    const { progress, written, ends } = setUp();
    progress.note('shared:default', 'a', 1);
    progress.note('shared:default', 'b', 1);
    progress.note('shared:default', 'a', 1);
    await soon();
    expect(written.map((agents) => agents.map((one) => one.instanceUid))).toEqual([['a', 'b']]);
    ends[0]?.();
    await progress.stop();
    expect(written).toHaveLength(1);
  });

  it('keeps one note an agent while MongoDB does not answer, however long that takes', async () => {
    const { progress, written, ends, pass } = setUp();
    progress.note('shared:default', 'a', 1);
    await soon();
    for (let revision = 2; revision < 12; revision += 1) {
      pass(60_000);
      progress.note('shared:default', 'a', revision);
      await soon();
    }
    ends[0]?.();
    await soon();
    ends[1]?.();
    await progress.stop();
    expect(written.map(([one]) => one?.revision)).toEqual([1, 11]);
  });

  it('notes again what could not be written', async () => {
    const { progress, written, ends } = setUp();
    progress.note('shared:default', 'a', 1);
    await soon();
    ends[0]?.(new Error('no database'));
    await soon();
    progress.note('shared:default', 'a', 1);
    await soon();
    ends[1]?.();
    await progress.stop();
    expect(written).toHaveLength(2);
  });
});
