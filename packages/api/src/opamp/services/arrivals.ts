const HOUR_MS = 3_600_000;

/**
 * How many agents that were never heard of before may come with each token: as many at once as in an hour. Whoever holds a
 * token can name any number of instances, and of each something is kept.
 */
export class Arrivals {
  /** How many may come now, and since when that is so; of other tokens, as many as may come at all. */
  private readonly left = new Map<string, { count: number; at: number }>();

  /** @param now the clock, in milliseconds. */
  constructor(
    private readonly perHour: number,
    private readonly now: () => number,
  ) {}

  /** @returns whether one more may come; it is counted then. */
  admit(token: string): boolean {
    const count = this.countOf(token);
    if (count < 1) return false;
    this.left.set(token, { count: count - 1, at: this.now() });
    return true;
  }

  /** Forgets tokens with which as many may come as ever. To be called now and then. */
  sweep(): void {
    for (const token of this.left.keys()) {
      if (this.countOf(token) >= this.perHour) this.left.delete(token);
    }
  }

  private countOf(token: string): number {
    const left = this.left.get(token);
    if (!left) return this.perHour;
    const since = (this.perHour * (this.now() - left.at)) / HOUR_MS;
    return Math.min(this.perHour, left.count + since);
  }
}
