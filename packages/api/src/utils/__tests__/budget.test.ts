import { Budget } from '../budget';

function setUp(amount: number) {
  let now = 0;
  const budget = new Budget({ amount, periodMs: 60_000, now: () => now });
  return { budget, pass: (ms: number) => (now += ms) };
}

describe('Budget', () => {
  it('is used up under one name, and whole under all others', () => {
    const { budget } = setUp(3);
    expect([1, 2, 3, 4].map(() => budget.take('a'))).toEqual([true, true, true, false]);
    expect(budget.take('b', 3)).toBe(true);
    expect(budget.take('c', 4)).toBe(false);
  });

  it('comes back little by little, and never beyond what it was', () => {
    const { budget, pass } = setUp(6);
    expect(budget.take('a', 6)).toBe(true);
    pass(10_000);
    expect(budget.take('a')).toBe(true);
    expect(budget.take('a')).toBe(false);
    pass(3_600_000);
    expect(budget.take('a', 6)).toBe(true);
    expect(budget.take('a')).toBe(false);
  });

  it('is not forgotten where others come and go', () => {
    const { budget, pass } = setUp(1);
    for (let i = 0; i < 5_000; i += 1) {
      expect(budget.take(`one of many ${i}`)).toBe(true);
      pass(61_000);
    }
    expect(budget.take('a')).toBe(true);
    for (let i = 0; i < 5_000; i += 1) budget.take(`more ${i}`);
    expect(budget.take('a')).toBe(false);
  });
});
