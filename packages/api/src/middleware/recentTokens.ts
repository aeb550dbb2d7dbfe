/** Far more than operators and pipelines of one process use at a time. */
const MAX_TOKENS = 1_000;

/** Hashes of the tokens that were accepted last; the one unused for longest makes room. It says nothing about whether one is still good. */
export class RecentTokens {
  // A map keeps the order of insertion.
  private readonly hashes = new Map<string, true>();

  has(hash: string): boolean {
    return this.hashes.has(hash);
  }

  add(hash: string): void {
    this.hashes.delete(hash);
    this.hashes.set(hash, true);
    if (this.hashes.size <= MAX_TOKENS) return;
    const [oldest] = this.hashes.keys();
    if (oldest !== undefined) this.hashes.delete(oldest);
  }

  delete(hash: string): void {
    this.hashes.delete(hash);
  }
}
