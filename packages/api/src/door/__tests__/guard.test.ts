import { parseTenantId } from '@hyperdx-tenancy/domain/ids';

import { Guard } from '../guard';
import type { Ask, GuardTenant, Question } from '../guard';

const tree = `SelectWithUnionQuery (children 1)
 ExpressionList (children 1)
  SelectQuery (children 1)
   ExpressionList (children 1)
    Literal UInt64_1
`;

const tenant: GuardTenant = {
  id: parseTenantId('65f0c0ffee0000000000aaaa'),
  database: 'otel',
  revision: '1',
};
const another = { ...tenant, id: parseTenantId('65f0c0ffee0000000000bbbb') };

const question = (text: string, values: Record<string, string> = {}): Question => ({
  text,
  parameters: new Map(Object.entries(values)),
});

/** An engine that takes everything for `SELECT 1`, and counts. */
function engine(): { ask: Ask; asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    ask: (sql) => {
      asked.push(sql);
      return Promise.resolve(tree);
    },
  };
}

describe('verdicts', () => {
  it('are remembered for the same question of the same tenant', async () => {
    const { ask, asked } = engine();
    const guard = new Guard();
    const first = await guard.judge(question('SELECT 1'), tenant, ask);
    expect(first).toEqual({ allowed: true, kind: 'select', text: 'SELECT 1', settings: [] });
    expect(await guard.judge(question('SELECT 1'), tenant, ask)).toBe(first);
    expect(asked).toEqual(['EXPLAIN AST (SELECT 1)']);
  });

  it.each<[string, Question, GuardTenant, Question, GuardTenant]>([
    ['another tenant', question('SELECT 1'), tenant, question('SELECT 1'), another],
    [
      'another revision of the tables',
      question('SELECT 1'),
      tenant,
      question('SELECT 1'),
      { ...tenant, revision: '2' },
    ],
    [
      'another database',
      question('SELECT 1'),
      tenant,
      question('SELECT 1'),
      { ...tenant, database: 'x' },
    ],
    ['another spelling', question('SELECT 1'), tenant, question('SELECT  1'), tenant],
    [
      'another name in a parameter',
      question('SELECT {p:String}', { p: 'a' }),
      tenant,
      question('SELECT {p:String}', { p: 'b' }),
      tenant,
    ],
    [
      'values that have changed places',
      question('SELECT {p:String}, {q:String}', { p: 'a', q: 'b' }),
      tenant,
      question('SELECT {p:String}, {q:String}', { p: 'b', q: 'a' }),
      tenant,
    ],
  ])('are not those of %s', async (_what, one, its, other, theirs) => {
    const { ask, asked } = engine();
    const guard = new Guard();
    await guard.judge(one, its, ask);
    await guard.judge(other, theirs, ask);
    expect(asked).toHaveLength(2);
  });

  it('are the same for other numbers: charts send another time with each query', async () => {
    const { ask, asked } = engine();
    const guard = new Guard();
    await guard.judge(question('SELECT {from:Int64}', { from: '1' }), tenant, ask);
    await guard.judge(question('SELECT {from:Int64}', { from: '-2.5' }), tenant, ask);
    expect(asked).toHaveLength(1);
  });

  it('are asked for once by many at a time', async () => {
    const { ask, asked } = engine();
    const guard = new Guard();
    const verdicts = await Promise.all(
      Array.from({ length: 20 }, () => guard.judge(question('SELECT 1'), tenant, ask)),
    );
    expect(new Set(verdicts).size).toBe(1);
    expect(asked).toHaveLength(1);
  });

  it('are not made of what the engine did not answer', async () => {
    const { ask, asked } = engine();
    const guard = new Guard();
    const broken: Ask = () => Promise.reject(new Error('gone'));
    await expect(guard.judge(question('SELECT 1'), tenant, broken)).rejects.toThrow('gone');
    expect((await guard.judge(question('SELECT 1'), tenant, ask)).allowed).toBe(true);
    expect(asked).toHaveLength(1);
  });

  it('need no engine where the text alone is refused', async () => {
    const { ask, asked } = engine();
    const verdict = await new Guard().judge(question('DROP TABLE t'), tenant, ask);
    expect(verdict).toEqual({
      allowed: false,
      rule: 'statement',
      message: 'This kind of statement is not available: DROP',
    });
    expect(asked).toEqual([]);
  });

  it('are kept in bounds', async () => {
    const { ask, asked } = engine();
    const guard = new Guard({ maxVerdicts: 3, maxCharacters: 4_096 });
    const judge = (text: string) => guard.judge(question(text), tenant, ask);
    const texts = Array.from({ length: 10 }, (_, n) => `SELECT ${n}`);
    for (const text of texts) await judge(text);
    for (const text of texts.slice(-3)) await judge(text);
    expect(asked).toHaveLength(10);
    await judge('SELECT 0');
    expect(asked).toHaveLength(11);
    const long = `SELECT '${'x'.repeat(5_000)}'`;
    await judge(long);
    await judge(long);
    expect(asked).toHaveLength(13);
  });
});
