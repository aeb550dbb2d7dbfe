import { ConfigError, parseConfig } from '../config';
import { parseGoDuration } from '../configFiles/forms';

const minimal = {
  MONGO_URI: 'mongodb://127.0.0.1:27017/hyperdx',
  CLICKHOUSE_HOST: 'http://127.0.0.1:8123',
  TENANCY_SECRET: 'a secret of at least 16 characters',
  EXPRESS_SESSION_SECRET: 'another of at least 16 characters',
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
    expect(config.targets).toHaveLength(1);
    expect(config.targets[0]).toMatchObject({
      name: 'default',
      access: 'grants',
      username: 'default',
      password: '',
      database: 'default',
      collectorEndpoint: 'http://127.0.0.1:8123',
      exporterTimeout: '5s',
    });
    expect(config.platform.retentionHours.logs).toBe(720);
  });

  it('names every variable that is missing, in one error', () => {
    const faults = faultsOf({});
    for (const name of Object.keys(minimal)) expect(faults).toContain(`${name} is not set`);
  });

  it('switches the admin token off, and trusts no proxy, unless told to', () => {
    const config = parseConfig({ ...minimal, TENANCY_ADMIN_TOKEN: '' });
    expect([config.adminToken, config.trustProxy]).toEqual([undefined, false]);
    const told = parseConfig({
      ...minimal,
      TENANCY_ADMIN_TOKEN: 'an-admin-token-of-length',
      TENANCY_TRUST_PROXY: '1',
    });
    expect([told.adminToken, told.trustProxy]).toEqual(['an-admin-token-of-length', 1]);
  });

  it('refuses the session secret that everybody knows', () => {
    const published = 'hyperdx is cool \u{1F44B}';
    const faults = faultsOf({ ...minimal, EXPRESS_SESSION_SECRET: published });
    expect(faults).toContain('EXPRESS_SESSION_SECRET: is the published default of HyperDX');
    expect(faults).not.toContain(published);
  });

  it('points managed connections at its own door, unless told where HyperDX finds it', () => {
    expect(parseConfig({ ...minimal, TENANCY_DOOR_PORT: '9124' }).doorUrl).toBe(
      'http://127.0.0.1:9124',
    );
    const url = 'https://door.internal:8443';
    expect(parseConfig({ ...minimal, TENANCY_DOOR_URL: url }).doorUrl).toBe(url);
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
    ['TENANCY_ADMIN_TOKEN', 'short'],
    ['TENANCY_ADMIN_TOKEN', 'with white space in it'],
    ['TENANCY_TRUST_PROXY', 'true'],
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
    const { platform } = parseConfig({ ...minimal, HYPERDX_OTEL_EXPORTER_TABLES_TTL: '90m' });
    expect(platform.retentionHours).toEqual({ logs: 2, traces: 2, sessions: 2, metrics: 2 });
  });
});

describe('access modes', () => {
  const guard = { ...minimal, TENANCY_ACCESS_MODE: 'guard' };

  it('refuses the guard as the only wall in production, which is the default environment', () => {
    expect(faultsOf(guard)).toContain(
      'TENANCY_ACCESS_MODE: target default has access mode "guard"',
    );
    expect(faultsOf({ ...guard, NODE_ENV: 'production' })).toContain('TENANCY_ALLOW_GUARD_MODE');
    expect(faultsOf({ ...guard, TENANCY_ALLOW_GUARD_MODE: 'false' })).not.toBe('');
  });

  it('takes it elsewhere, or where it is asked for', () => {
    expect(parseConfig({ ...guard, NODE_ENV: 'test' }).targets[0]?.access).toBe('guard');
    expect(parseConfig({ ...guard, TENANCY_ALLOW_GUARD_MODE: 'true' }).targets[0]?.access).toBe(
      'guard',
    );
  });

  it('refuses a previous secret that is the present one', () => {
    expect(faultsOf({ ...minimal, TENANCY_SECRET_PREVIOUS: minimal.TENANCY_SECRET })).toContain(
      'TENANCY_SECRET_PREVIOUS: ',
    );
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
