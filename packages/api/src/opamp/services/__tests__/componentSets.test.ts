import { ComponentSet, ComponentSets } from '../componentSets';

describe('ComponentSet', () => {
  it('names what is lacking', () => {
    const set = new ComponentSet('id', { receivers: ['otlp'], exporters: ['debug'] });
    expect(set.lacking({ receivers: ['otlp'], exporters: ['debug'] })).toEqual([]);
    expect(set.lacking({ receivers: ['prometheus'], connectors: ['routing'] })).toEqual([
      'receivers/prometheus',
      'connectors/routing',
    ]);
  });

  it('knows components under the names they had before', () => {
    const set = new ComponentSet('id', {
      exporters: ['otlp_http', 'otlp_grpc'],
      receivers: ['fluent_forward'],
      extensions: ['bearer_token_auth'],
    });
    const older = {
      exporters: ['otlphttp', 'otlp'],
      receivers: ['fluentforward'],
      extensions: ['bearertokenauth'],
    };
    expect(set.lacking(older)).toEqual([]);
    // A receiver of that name is another thing.
    expect(set.lacking({ receivers: ['otlp'] })).toEqual(['receivers/otlp']);
  });

  it.each(['__proto__', 'constructor', 'toString'])('has no kind and no type %s', (name) => {
    const set = new ComponentSet('id', { receivers: ['otlp'] });
    expect(set.lacking({ receivers: [name] })).toEqual([`receivers/${name}`]);
    expect(set.lacking(Object.fromEntries([[name, ['x']]]))).toEqual([`${name}/x`]);
  });
});

describe('ComponentSets', () => {
  const types = { receivers: ['otlp'] };

  it('keeps one set for all that have the same', () => {
    const sets = new ComponentSets();
    sets.add('a', 'h1', types);
    sets.add('b', 'h2', { ...types });
    expect(sets.get('a', 'h1')).toBeDefined();
    expect(sets.get('b', 'h2')).toBe(sets.get('a', 'h1'));
  });

  it("takes an agent's word for a hash within its own shard alone", () => {
    const sets = new ComponentSets();
    sets.add('liar', 'h', { receivers: [] });
    expect(sets.get('honest', 'h')).toBeUndefined();
    sets.add('honest', 'h', types);
    expect(sets.get('honest', 'h')?.types).toEqual(types);
    expect(sets.get('liar', 'h')?.types).toEqual({ receivers: [] });
  });

  it('takes nobody at their word where two of a shard say different things', () => {
    const sets = new ComponentSets();
    sets.add('a', 'h', { receivers: [] });
    sets.add('a', 'h', types);
    expect(sets.get('a', 'h')).toBeUndefined();
    sets.add('a', 'h', { receivers: [] });
    expect(sets.get('a', 'h')).toBeUndefined();
  });

  it('lets no shard take the room of another, however much its agents make up', () => {
    const sets = new ComponentSets();
    sets.add('honest', 'h', types);
    const names = Array.from({ length: 512 }, (_, at) => `${at}`.padEnd(128, 'x'));
    for (let at = 0; at < 300; at += 1) {
      sets.add('a', `h${at}`, { receivers: [...names, `n${at}`] });
      sets.add('a', `tiny ${at}`, { receivers: [`n${at}`] });
    }
    expect(sets.get('honest', 'h')?.types).toEqual(types);
  });

  it('keeps a set for as long as some shard has it', () => {
    const sets = new ComponentSets();
    sets.add('a', 'h', types);
    sets.add('b', 'h', types);
    sets.add('a', 'h', { receivers: [] });
    expect(sets.get('a', 'h')).toBeUndefined();
    expect(sets.get('b', 'h')?.types).toEqual(types);
  });

  it('forgets the oldest where agents make up ever more', () => {
    const sets = new ComponentSets();
    const names = Array.from({ length: 100 }, (_, at) => `${at}`.padEnd(100, 'x'));
    for (let at = 0; at < 2_000; at += 1) {
      sets.add('a', `h${at}`, { receivers: [...names, `n${at}`] });
    }
    expect(sets.get('a', 'h0')).toBeUndefined();
    expect(sets.get('a', 'h1999')).toBeDefined();
  });
});
