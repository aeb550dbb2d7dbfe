import { retry } from '../retry';

const options = { attempts: 3, deadlineMs: 5_000, pauseMs: 1, isTransient: () => true };

describe('retry', () => {
  it('tries again what may end otherwise', async () => {
    let calls = 0;
    const result = await retry(() => {
      calls += 1;
      return calls < 3 ? Promise.reject(new Error('not yet')) : Promise.resolve('done');
    }, options);
    expect([result, calls]).toEqual(['done', 3]);
  });

  it('gives up after so many attempts, with the last error', async () => {
    let calls = 0;
    const work = retry(() => Promise.reject(new Error(`attempt ${(calls += 1)}`)), options);
    await expect(work).rejects.toThrow('attempt 3');
  });

  it('does not try again what is final', async () => {
    let calls = 0;
    const work = retry(
      () => {
        calls += 1;
        return Promise.reject(new Error('final'));
      },
      { ...options, isTransient: () => false },
    );
    await expect(work).rejects.toThrow('final');
    expect(calls).toBe(1);
  });

  it('ends with the deadline, and tells the call', async () => {
    const work = retry(
      (signal) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(new Error('told'))),
        ),
      { ...options, deadlineMs: 20 },
    );
    await expect(work).rejects.toThrow('told');
  });
});
