import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { repositoryRoot } from '../harness/api';

const run = promisify(execFile);
const built = join(repositoryRoot(), 'packages/api/dist');

/** Evaluates an expression in a process that has loaded nothing but one module of the built API. */
async function load(module: string, expression: string): Promise<unknown> {
  const script = `const m = require(${JSON.stringify(join(built, module))}); process.stdout.write(JSON.stringify(${expression}))`;
  // No configuration at all: to import a module must not need one.
  const { stdout } = await run(process.execPath, ['-e', script], {
    env: { PATH: process.env['PATH'] },
    timeout: 20_000,
  });
  return JSON.parse(stdout);
}

const A = 'a'.repeat(24);
const B = 'b'.repeat(24);

describe("HyperDX's names, each imported on its own", () => {
  it.each([
    ['models/tenant', 'm.default.modelName', 'Tenant'],
    [
      'models/team',
      '[m.default.modelName, m.default.schema.path("tenant").isRequired, m.default.schema.path("tenant").options.ref]',
      ['Team', true, 'Tenant'],
    ],
    [
      'models/team',
      'm.default.schema.indexes().some(([f, o]) => f.apiKey === 1 && o.unique === true)',
      true,
    ],
    ['models/source', 'm.default.modelName', 'Source'],
    ['models/connection', 'm.default.modelName', 'Connection'],
    ['models/user', 'm.default.modelName', 'User'],
    ['controllers/tenant', 'typeof m.createTenant', 'function'],
    ['controllers/sources', '[typeof m.createSource, m.createSource.length]', ['function', 2]],
    ['utils/tenant', `m.getTenantTableName("otel_logs", "${A}")`, `otel_logs_${A}`],
    [
      'utils/tenant',
      `m.parseTenantFromTableName("otel_logs_${A}")`,
      { base: 'otel_logs', tenantId: A },
    ],
    ['utils/tenant', 'm.parseTenantFromTableName("otel_logs")', null],
    ['utils/clickhouse', 'typeof m.getClickhouseClient', 'function'],
    ['opamp/controllers/opampController', 'typeof m.buildOtelCollectorConfig', 'function'],
    ['opamp/app', 'typeof m.default', 'function'],
    ['routers/api/root', 'typeof m.default', 'function'],
    ['middleware/errors', 'typeof m.errorHandler', 'function'],
    ['api-app', 'typeof m.default', 'function'],
    ['server', 'typeof m.default', 'function'],
    ['config', 'typeof m.parseConfig', 'function'],
  ])('%s: %s', async (module, expression, value) => {
    expect(await load(module, expression)).toEqual(value);
  });

  it("utils/tenant refuses another tenant's table", async () => {
    const expression = `(() => { try { return m.getTenantTableName("otel_logs_${B}", "${A}"); } catch (e) { return e.code; } })()`;
    expect(await load('utils/tenant', expression)).toBe('foreign_table');
  });

  it('buildOtelCollectorConfig(team, tenantId) is one team’s config, its credentials named and not spelled out', async () => {
    const env = `Object.assign(process.env, { MONGO_URI: 'mongodb://x/y', CLICKHOUSE_HOST: 'http://x:8123', CLICKHOUSE_PASSWORD: 'not-to-be-seen', EXPRESS_SESSION_SECRET: 'e'.repeat(32), TENANCY_SECRET: 's'.repeat(32), TENANCY_ADMIN_TOKEN: 't'.repeat(32) })`;
    const expression = `(${env}, m.buildOtelCollectorConfig({ _id: '${B}', apiKey: 'the-key-of-the-team', collectorAuthenticationEnforced: true }, '${A}'))`;
    const config = JSON.stringify(await load('opamp/controllers/opampController', expression));
    expect(config).toContain(`otel_logs_${A}`);
    expect(config).toContain(`hyperdx_sessions_${A}`);
    expect(config).toContain('the-key-of-the-team');
    expect(config).toContain('${env:CLICKHOUSE_PASSWORD}');
    expect(config).not.toContain('not-to-be-seen');
  });
});
