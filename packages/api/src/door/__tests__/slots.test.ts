import { parseTenantId } from '@hyperdx-tenancy/domain/ids';

import { FairSlots } from '../slots';

const [a, b, c] = ['a', 'b', 'c'].map((digit) => parseTenantId(digit.repeat(24)));
const never = new AbortController().signal;

/** Lets promises that are settled go on. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('gives places to tenants in turn, whatever one of them has waiting', async () => {
  const slots = new FairSlots({ slots: 1 });
  const order: string[] = [];
  await slots.take(a!, never);
  const waiting = [a, a, a, b, c, b].map(async (tenant) => {
    await slots.take(tenant!, never);
    order.push(tenant![0]!);
  });
  for (const turn of waiting) {
    slots.release();
    await settle();
    expect(turn).toBeDefined();
  }
  await Promise.all(waiting);
  expect(order).toEqual(['a', 'b', 'c', 'a', 'b', 'a']);
  expect(slots.takeFree()).toBe(false);
  slots.release();
  expect(slots.takeFree()).toBe(true);
});

it('forgets who has left, and gives the place to the next', async () => {
  const slots = new FairSlots({ slots: 1 });
  expect(slots.takeFree()).toBe(true);
  const left = new AbortController();
  const gone = slots.take(a!, left.signal);
  const stays = slots.take(b!, never);
  left.abort(new Error('left'));
  await expect(gone).rejects.toThrow('left');
  slots.release();
  await stays;
  slots.release();
  expect(slots.takeFree()).toBe(true);
});

it('lets nobody wait who has left already', async () => {
  const slots = new FairSlots({ slots: 0 });
  await expect(slots.take(a!, AbortSignal.abort(new Error('left')))).rejects.toThrow('left');
});

it('sends away who would wait too long, and who comes when too many wait', async () => {
  const overloaded = expect.objectContaining({
    code: 'overloaded',
    retryAfterSeconds: 1,
  }) as unknown;
  const slots = new FairSlots({ slots: 0, maxWaiting: 1, maxWaitMs: 20 });
  const first = slots.take(a!, never);
  await expect(slots.take(b!, never)).rejects.toEqual(overloaded);
  await expect(first).rejects.toEqual(overloaded);
  // Its place in the queue is free again.
  await expect(slots.take(b!, never)).rejects.toEqual(overloaded);
});
