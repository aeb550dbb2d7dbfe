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
});
