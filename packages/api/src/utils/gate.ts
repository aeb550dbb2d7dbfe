import { TenancyError } from '@hyperdx-tenancy/domain/errors';

/** Work that may wait at one gate: behind a server that hangs, more would only wait for nothing. */
const MAX_WAITING = 500;

/** Lets so many through at once; the others wait in the order in which they came. */
export class Gate {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly atOnce: number,
    private readonly maxWaiting = MAX_WAITING,
    private readonly whatWaits = 'Too many statements wait for ClickHouse.',
  ) {}

  /**
   * Does the work as soon as there is room.
   * @throws what the work throws; TenancyError `overloaded` where too much waits already.
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.waiting.length >= this.maxWaiting) {
      throw new TenancyError('overloaded', this.whatWaits);
    }
    if (this.running >= this.atOnce) await new Promise<void>((go) => this.waiting.push(go));
    else this.running += 1;
    try {
      return await work();
    } finally {
      // Who goes hands the place on: nobody can slip in between.
      const next = this.waiting.shift();
      if (next) next();
      else this.running -= 1;
    }
  }
}
