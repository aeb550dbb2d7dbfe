import { waitFor } from '../waitFor';

const quick = { timeoutMs: 60, intervalMs: 1, what: 'the thing' };

describe('waitFor', () => {
  it('returns the first truthy answer', async () => {
    let tries = 0;
    const answer = await waitFor(() => (++tries === 3 ? 'there' : undefined), {
      ...quick,
      timeoutMs: 5_000,
    });
    expect([answer, tries]).toEqual(['there', 3]);
  });

  it('takes an error for "not yet", and names the last one when the time is up', async () => {
    const cause = new Error('connection refused');
    const wait = waitFor(() => Promise.reject(cause), quick);
    await expect(wait).rejects.toThrow(
      '60 ms passed while waiting for the thing (last error: connection refused)',
    );
    await expect(wait).rejects.toMatchObject({ cause });
  });

  it('gives up on a try that never settles', async () => {
    await expect(waitFor(() => new Promise(() => undefined), quick)).rejects.toThrow(
      'waiting for the thing (last error: the try did not answer in time)',
    );
  });

  it('ends with the process it waits on, and shows the end of its log', async () => {
    const process = { hasExited: () => true, logTail: () => `${'.'.repeat(5_000)}cannot bind` };
    const wait = waitFor(() => false, { ...quick, timeoutMs: 60_000, process });
    await expect(wait).rejects.toThrow('the process ended while waiting for the thing');
    await expect(wait).rejects.toThrow(/\.{100}cannot bind$/);
  });

  it.each([
    ['between two tries', () => false, 60_000],
    ['in a try that never settles', () => new Promise<never>(() => undefined), 1],
  ])('ends with the reason of an abort %s', async (_when, predicate, intervalMs) => {
    const abort = new AbortController();
    const reason = new Error('interrupted');
    const wait = waitFor(predicate, {
      what: 'the thing',
      timeoutMs: 60_000,
      intervalMs,
      signal: abort.signal,
    });
    setImmediate(() => abort.abort(reason));
    await expect(wait).rejects.toBe(reason);
  });

  it('does not try at all once aborted', async () => {
    const predicate = jest.fn(() => true);
    const signal = AbortSignal.abort(new Error('interrupted'));
    await expect(waitFor(predicate, { ...quick, signal })).rejects.toThrow('interrupted');
    expect(predicate).not.toHaveBeenCalled();
  });
});
