import { Gate } from '../gate';

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a gate', () => {
  it('lets no more through at once than it should, in the order in which they came', async () => {
    const gate = new Gate(2);
    const order: number[] = [];
    let running = 0;
    let most = 0;
    const work = (id: number) => async (): Promise<number> => {
      order.push(id);
      most = Math.max(most, (running += 1));
      await tick();
      running -= 1;
      return id;
    };
    const all = await Promise.all([1, 2, 3, 4, 5].map((id) => gate.run(work(id))));
    expect(all).toEqual([1, 2, 3, 4, 5]);
    expect(order).toEqual([1, 2, 3, 4, 5]);
    expect(most).toBe(2);
  });

  it('gives the place of work that failed to the next', async () => {
    const gate = new Gate(1);
    const failed = gate.run(() => Promise.reject(new Error('no')));
    const next = gate.run(() => Promise.resolve('yes'));
    await expect(failed).rejects.toThrow('no');
    expect(await next).toBe('yes');
    expect(await gate.run(() => Promise.resolve('again'))).toBe('again');
  });

  it('refuses what would wait behind too many', async () => {
    const gate = new Gate(1, 1);
    let open: () => void = () => undefined;
    const first = gate.run(() => new Promise<void>((resolve) => (open = resolve)));
    const second = gate.run(() => Promise.resolve('second'));
    await expect(gate.run(() => Promise.resolve('third'))).rejects.toMatchObject({
      code: 'overloaded',
    });
    open();
    await first;
    expect(await second).toBe('second');
  });
});
