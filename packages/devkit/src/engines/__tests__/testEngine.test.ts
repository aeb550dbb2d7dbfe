import { imageOf } from '../images';
import { reasonToSkip } from '../describeWith';
import { testEngine, testEngines } from '../testEngine';

const noDocker = (): boolean => false;
const docker = (): boolean => true;
const neverAsked = (): boolean => {
  throw new Error('nobody was to ask for Docker');
};

describe('TEST_ENGINES', () => {
  it.each(testEngines)('names an engine, whether or not there is Docker: %s', (name) => {
    expect(testEngine({ TEST_ENGINES: ` ${name} ` }, neverAsked)).toBe(name);
  });

  it.each([{}, { TEST_ENGINES: '' }, { TEST_ENGINES: '  ' }])('may be left out: %j', (env) => {
    expect(testEngine(env, docker)).toBe('containers');
    expect(testEngine(env, noDocker)).toBe('embedded');
  });

  it.each(['docker', 'Embedded', 'embedded,env'])('is refused by name: %s', (value) => {
    expect(() => testEngine({ TEST_ENGINES: value }, neverAsked)).toThrow(
      `TEST_ENGINES is "${value}": it must be one of embedded, containers, env`,
    );
  });
});

describe('images', () => {
  it('are the official ones, pinned, unless a variable names another', () => {
    for (const engine of ['clickhouse', 'mongo', 'collector'] as const) {
      const official = imageOf(engine, {});
      expect(official).toMatchObject({ official: true });
      expect(official.name).toMatch(/^[a-z/-]+:\d[\d.]*$/);
      const other = imageOf(engine, { [official.variable]: 'localhost/other:1' });
      expect(other).toEqual({ ...official, name: 'localhost/other:1', official: false });
    }
  });

  it.each([
    ['clickhouse/clickhouse-server:25.8', true],
    ['clickhouse/clickhouse-server:25.8-alpine@sha256:00', true],
    ['clickhouse/clickhouse-server', true],
    ['registry:5000/clickhouse/clickhouse-server:25.8', false],
    ['clickhouse/clickhouse-server-mine:25.8', false],
  ])('are known to be official by their repository: %s', (name, official) => {
    expect(imageOf('clickhouse', { TEST_CLICKHOUSE_IMAGE: name }).official).toBe(official);
  });
});

describe('a reason to skip', () => {
  it('says what is needed and who has it not', () => {
    expect(reasonToSkip('userManagement', 'embedded', {})).toBe(
      'needs a ClickHouse server with user management: TEST_ENGINES=embedded has none',
    );
    const env = { TEST_CLICKHOUSE_IMAGE: 'localhost/x:1' };
    expect(reasonToSkip('cluster', 'containers', env)).toBe(
      'needs a ClickHouse cluster with Keeper: the image localhost/x:1 has none',
    );
    expect(reasonToSkip('ours', 'env', {})).toBe(
      'needs engines that a test may end: what CLICKHOUSE_HOST names has none',
    );
  });
});
