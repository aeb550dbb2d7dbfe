import { ConfigError, parseConfig, parseGoDuration } from '../config';

const minimal = {
  MONGO_URI: 'mongodb://127.0.0.1:27017/hyperdx',
  CLICKHOUSE_HOST: 'http://127.0.0.1:8123',
  TENANCY_SECRET: 'a secret of at least 16 characters',
  TENANCY_ADMIN_TOKEN: 'an-admin-token-of-length',
};

function faultsOf(env: Record<string, string | undefined>): string {
  try {
    parseConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

describe('parseConfig', () => {
  it("keeps HyperDX's defaults", () => {
    const config = parseConfig(minimal);
    expect(config.port).toBe(8000);
    expect(config.opampPort).toBe(4320);
    expect(config.target).toMatchObject({
      username: 'default',
      password: '',
      database: 'default',
      collectorEndpoint: 'http://127.0.0.1:8123',
      exporterTimeout: '5s',
      retentionHours: 720,
    });
  });

  it('names every variable that is missing, in one error', () => {
    const faults = faultsOf({});
    for (const name of Object.keys(minimal)) expect(faults).toContain(`${name} is not set`);
  });

  it('takes blank for unset', () => {
    expect(faultsOf({ ...minimal, TENANCY_SECRET: '  ' })).toContain('TENANCY_SECRET is not set');
    expect(parseConfig({ ...minimal, PORT: '' }).port).toBe(8000);
  });

  it.each([
    ['PORT', '70000'],
    ['PORT', 'eighty'],
    ['CLICKHOUSE_HOST', 'tcp://127.0.0.1:9000'],
    ['MONGO_URI', 'http://127.0.0.1'],
    ['HYPERDX_OTEL_EXPORTER_TABLES_TTL', '30 days'],
    ['HYPERDX_OTEL_EXPORTER_TABLES_TTL', '0h'],
    ['HYPERDX_OTEL_EXPORTER_CLICKHOUSE_DATABASE', 'a`; DROP TABLE x'],
    ['TENANCY_COLLECTOR_TOKEN', 'has/a/slash/in/it/and/more'],
    ['TENANCY_COLLECTOR_MEMORY_LIMIT_MIB', '1'],
  ])('refuses %s=%s and names it', (name, value) => {
    expect(faultsOf({ ...minimal, [name]: value })).toContain(`${name}: `);
  });

  it('never repeats a secret', () => {
    expect(faultsOf({ ...minimal, TENANCY_SECRET: 'short-secret', PORT: 'x' })).not.toContain(
      'short-secret',
    );
  });

  it('prefers HYPERDX_API_PORT to PORT, as it is the more specific', () => {
    expect(parseConfig({ ...minimal, PORT: '1', HYPERDX_API_PORT: '2' }).port).toBe(2);
  });

  it('rounds retention up to whole hours', () => {
    expect(
      parseConfig({ ...minimal, HYPERDX_OTEL_EXPORTER_TABLES_TTL: '90m' }).target.retentionHours,
    ).toBe(2);
  });
});

describe('parseGoDuration', () => {
  it.each([
    ['720h', 2_592_000_000],
    ['1h30m', 5_400_000],
    ['1.5s', 1_500],
    ['250ms', 250],
  ])('reads %s', (text, ms) => expect(parseGoDuration(text)).toBe(ms));

  it.each(['', '5', 'h', '5 s', '-5s', '5d'])('refuses "%s"', (text) =>
    expect(parseGoDuration(text)).toBeUndefined(),
  );
});
