/** Lets `places` jobs run at once; up to `waiting` more wait their turn, the rest are refused. */
export class Semaphore {
  readonly #queue: (() => void)[] = [];
  #free: number;

  constructor(
    places: number,
    private readonly waiting: number,
    private readonly refusal: () => Error,
  ) {
    this.#free = places;
  }

  async run<T>(job: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else if (this.#queue.length >= this.waiting) throw this.refusal();
    else await new Promise<void>((resolve) => this.#queue.push(resolve));
    try {
      return await job();
    } finally {
      // A place goes straight to who waits longest, so that a newcomer cannot overtake.
      const next = this.#queue.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}
