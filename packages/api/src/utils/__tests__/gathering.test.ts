import { Gathering } from '../gathering';

/** A question that is answered when the test says so. */
function asking(most: number): {
  gathering: Gathering<number, string>;
  questions: number[][];
  answer(): void;
  refuse(error: Error): void;
} {
  const questions: number[][] = [];
  const open: { resolve(values: string[]): void; reject(error: Error): void; keys: number[] }[] =
    [];
  const gathering = new Gathering<number, string>((keys) => {
    questions.push([...keys]);
    return new Promise((resolve, reject) => open.push({ resolve, reject, keys: [...keys] }));
  }, most);
  return {
    gathering,
    questions,
    answer() {
      const one = open.shift();
      one?.resolve(one.keys.map((key) => `value ${key}`));
    },
    refuse(error) {
      open.shift()?.reject(error);
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('what is gathered', () => {
  it('asks once for what is wanted in the same turn', async () => {
    const { gathering, questions, answer } = asking(10);
    const all = Promise.all([gathering.of(1), gathering.of(2), gathering.of(3)]);
    await turn();
    answer();
    expect(await all).toEqual(['value 1', 'value 2', 'value 3']);
    expect(questions).toEqual([[1, 2, 3]]);
  });

  it('keeps what is wanted meanwhile for the next question, no more of it than it takes', async () => {
    const { gathering, questions, answer } = asking(2);
    const first = gathering.of(1);
    await turn();
    const rest = [2, 3, 4].map((key) => gathering.of(key));
    await turn();
    expect(questions).toEqual([[1]]);
    answer();
    await first;
    await turn();
    expect(questions).toEqual([[1], [2, 3]]);
    answer();
    await turn();
    answer();
    expect(await Promise.all(rest)).toEqual(['value 2', 'value 3', 'value 4']);
    expect(questions).toEqual([[1], [2, 3], [4]]);
  });

  it('tells of a failure those alone who were in the question', async () => {
    const { gathering, answer, refuse } = asking(10);
    const first = gathering.of(1);
    await turn();
    const second = gathering.of(2);
    refuse(new Error('away'));
    await expect(first).rejects.toThrow('away');
    await turn();
    answer();
    expect(await second).toBe('value 2');
  });

  it('asks again after everything was answered', async () => {
    const { gathering, questions, answer } = asking(10);
    for (const key of [1, 2]) {
      const one = gathering.of(key);
      await turn();
      answer();
      expect(await one).toBe(`value ${key}`);
    }
    expect(questions).toEqual([[1], [2]]);
  });

  it('takes an answer that lacks one for none', async () => {
    const gathering = new Gathering<number, string>(() => Promise.resolve(['one']), 10);
    const both = await Promise.allSettled([gathering.of(1), gathering.of(2)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
