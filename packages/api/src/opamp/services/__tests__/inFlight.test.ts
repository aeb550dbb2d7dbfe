import { FIRST_BYTES, InFlight } from '../inFlight';

const overloaded = expect.objectContaining({ code: 'overloaded' }) as Error;

it('refuses more bytes than there may be, for a token and in all, and gives them back', () => {
  const inFlight = new InFlight({ total: 300_000, token: 200_000 });
  const first = inFlight.grow('a', 0, 150_000);
  expect(() => inFlight.grow('a', 0, 100_000)).toThrow(overloaded);
  const second = inFlight.grow('b', 0, 100_000);
  expect(() => inFlight.grow('c', 0, 100_000)).toThrow(overloaded);
  inFlight.give('a', first);
  const third = inFlight.grow('c', 0, 100_000);
  inFlight.give('b', second);
  inFlight.give('c', third);
  expect(inFlight.size).toBe(0);
  expect(inFlight.grow('a', 0, 200_000)).toBe(200_000);
});

it('counts each message as one of a few KB at least, and a growing one in steps', () => {
  const inFlight = new InFlight({ total: 1_000_000, token: 1_000_000 });
  let held = inFlight.grow('a', 0, 1);
  expect(held).toBe(FIRST_BYTES);
  held = inFlight.grow('a', held, FIRST_BYTES);
  expect(held).toBe(FIRST_BYTES);
  held = inFlight.grow('a', held, FIRST_BYTES + 1);
  expect(held).toBeGreaterThan(FIRST_BYTES + 1);
  expect(inFlight.size).toBe(held);
  inFlight.give('a', held);
  expect(inFlight.size).toBe(0);
});

it('holds what it held where a message may not grow', () => {
  const inFlight = new InFlight({ total: 100_000, token: 100_000 });
  const held = inFlight.grow('a', 0, 90_000);
  expect(() => inFlight.grow('a', held, 90_001)).toThrow(overloaded);
  expect(inFlight.size).toBe(held);
  inFlight.give('a', held);
  expect(inFlight.size).toBe(0);
});
