interface Waiting<K, V> {
  key: K;
  resolve: (value: V) => void;
  reject: (error: unknown) => void;
}

/**
 * Asks for many things with few questions: what is asked for while one question is under way is gathered for the next. Whoever
 * asks alone waits for nobody.
 */
export class Gathering<K, V> {
  private waiting: Waiting<K, V>[] = [];
  private running = false;

  /**
   * @param ask answers for each key, in their order; what it throws, all of them are told.
   * @param most keys in one question.
   */
  constructor(
    private readonly ask: (keys: readonly K[]) => Promise<readonly V[]>,
    private readonly most: number,
  ) {}

  /** @throws what the question throws in which this was. */
  of(key: K): Promise<V> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ key, resolve, reject });
      if (this.running) return;
      this.running = true;
      // Those that are asked for in the same turn go together.
      setImmediate(() => void this.run());
    });
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0) {
      const asked = this.waiting.splice(0, this.most);
      try {
        const values = await this.ask(asked.map(({ key }) => key));
        if (values.length !== asked.length) throw new Error('not every key was answered for');
        for (const [at, value] of values.entries()) asked[at]?.resolve(value);
      } catch (error) {
        for (const { reject } of asked) reject(error);
      }
    }
    this.running = false;
  }
}
