export interface BudgetOptions {
  /** How much may be taken under one name in a period; as much may be taken at once. */
  amount: number;
  periodMs: number;
  /** The clock, in milliseconds. */
  now: () => number;
}

/** Names that are known before those with all of their budget are looked for, and forgotten. */
const SWEEP_AT = 1_000;

/**
 * How much may be done under each of any number of names, in a time: what one of them has used up is there for all others. It
 * comes back little by little.
 */
export class Budget {
  /** What was left, and when. A name that is not in it has all. */
  private readonly left = new Map<string, { amount: number; at: number }>();
  private sweepAt = SWEEP_AT;

  constructor(private readonly options: BudgetOptions) {}

  /** @returns whether there was as much; it is taken then. */
  take(name: string, amount = 1): boolean {
    const before = this.leftOf(name);
    if (before < amount) return false;
    this.left.set(name, { amount: before - amount, at: this.options.now() });
    if (this.left.size > this.sweepAt) this.sweep();
    return true;
  }

  private sweep(): void {
    for (const name of this.left.keys()) {
      if (this.leftOf(name) >= this.options.amount) this.left.delete(name);
    }
    this.sweepAt = Math.max(SWEEP_AT, 2 * this.left.size);
  }

  private leftOf(name: string): number {
    const { amount, periodMs, now } = this.options;
    const left = this.left.get(name);
    if (!left) return amount;
    return Math.min(amount, left.amount + (amount * (now() - left.at)) / periodMs);
  }
}
