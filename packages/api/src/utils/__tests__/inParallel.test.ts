import { inParallel } from '../inParallel';

describe('inParallel', () => {
  it('does everything once, so many at a time', async () => {
    const done: number[] = [];
    let running = 0;
    let most = 0;
    await inParallel([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
      most = Math.max(most, (running += 1));
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      done.push(item);
    });
    expect(done.sort()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(most).toBe(3);
  });

  it('begins nothing after a failure, waits for what runs, and throws it', async () => {
    const begun: number[] = [];
    let slowEnded = false;
    const work = inParallel([1, 2, 3, 4], 2, async (item) => {
      begun.push(item);
      await new Promise((resolve) => setImmediate(resolve));
      if (item === 1) throw new Error('first');
      await new Promise((resolve) => setTimeout(resolve, 10));
      slowEnded = true;
    });
    await expect(work).rejects.toThrow('first');
    expect(begun).toEqual([1, 2]);
    expect(slowEnded).toBe(true);
  });

  it('takes nothing for an answer', async () => {
    await expect(
      inParallel([], 3, () => Promise.reject(new Error('none'))),
    ).resolves.toBeUndefined();
  });
});
