import { startClickHouse } from '@hyperdx-tenancy/devkit/clickhouse';
import { openMongo, testEngine } from '@hyperdx-tenancy/devkit/engines';
import type { DoctorReport } from '@hyperdx-tenancy/domain/contracts/doctor';
import { readerPins, viewsDefiner } from '@hyperdx-tenancy/domain/access';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import { Types } from 'mongoose';

import { enginesOf, startEngines, useServer } from '../../fixtures';
import type { Engines } from '../../fixtures';
import Connection from '../../models/connection';
import Tenant from '../../models/tenant';
import { Keyring } from '../../utils/keyring';

/** On a server that others use as well, their users would be found here, and what is done here would harm them. */
const isServer = testEngine() === 'containers';

/** The embedded engine has no users of its own: devkit's front has them for it. */
async function startEnginesWithUsers(): Promise<Engines> {
  if (isServer) return startEngines(true);
  const [server, mongo] = await Promise.all([
    startClickHouse({ users: true, password: 'the-boss' }),
    openMongo({ own: true }),
  ]);
  return enginesOf({ ...server, engine: 'embedded', exporterEndpoint: server.url }, mongo);
}

describe('GET /tenancy/v1/doctor on a grants target', () => {
  const { engines, server } = useServer({
    env: { TENANCY_ACCESS_MODE: 'grants' },
    engines: startEnginesWithUsers,
  });
  let [one, two] = ['', ''];

  async function examine(): Promise<DoctorReport> {
    const { status, json } = await server.request('GET', '/tenancy/v1/doctor');
    expect(status).toBe(200);
    return json as DoctorReport;
  }
  const run = (query: string) => engines.admin.command({ query });
  const statusOf = (report: DoctorReport, name: string) =>
    report.checks.find((check) => check.name === name)?.status;

  /** Without what devkit's front does not have: `system.role_grants`. */
  const found = ({ findings }: DoctorReport) =>
    findings
      .filter(({ check }) => check !== 'access.roles' || isServer)
      .map(({ severity, check, tenant }) => [severity, check, tenant]);

  it('finds nothing before the first tenant, and says what it could not try', async () => {
    const report = await examine();
    expect(found(report)).toEqual([]);
    for (const name of ['server.login', 'server.systemTables', 'server.settings']) {
      expect([name, statusOf(report, name)]).toEqual([name, 'skipped']);
    }
  }, 60_000);

  it('finds nothing with two tenants as they were made', async () => {
    for (const name of ['One', 'Two']) {
      const { status, json } = await server.request('POST', '/tenancy/v1/tenants', {
        body: { name },
      });
      expect(status).toBe(201);
      [one, two] = [two, String(json['id'])];
    }
    const report = await examine();
    expect(found(report)).toEqual([]);
    expect(report.ok).toBe(true);
    for (const { name, status } of report.checks) {
      if (name === 'access.roles' && !isServer) continue;
      expect([name, status]).toEqual([name, 'ok']);
    }
  }, 120_000);

  /** The way out that findings about a tenant name. */
  async function applyAgain(): Promise<void> {
    const answer = await server.request('POST', `/tenancy/v1/tenants/${one}/apply`);
    expect([answer.status, answer.json['change']]).toEqual([200, null]);
  }

  type Case = [what: string, check: string, says: () => string, tamper: () => Promise<unknown>[]];
  const database = (): string => engines.clickhouse.database;
  const cases: Case[] = [
    [
      "a grant on another tenant's table",
      'access.grants',
      () => `on tables of other tenants: SELECT ON ${database()}.otel_logs_${two}`,
      () => [run(`GRANT SELECT ON ${database()}.otel_logs_${two} TO hdx_r_${one}`)],
    ],
    [
      'a grant on the whole database',
      'access.grants',
      () => `INSERT ON ${database()}.*`,
      () => [run(`GRANT INSERT ON ${database()}.* TO hdx_w_${one}`)],
    ],
    [
      'a grant that was taken away',
      'access.grants',
      () => `hdx_r_${one} lacks grants: SELECT ON ${database()}.otel_traces_${one}`,
      () => [run(`REVOKE SELECT ON ${database()}.otel_traces_${one} FROM hdx_r_${one}`)],
    ],
    [
      'a user that was dropped',
      'access.users',
      () => `hdx_w_${one} is missing`,
      () => [run(`DROP USER hdx_w_${one}`)],
    ],
    [
      'a profile that was loosened',
      'access.profiles',
      () => `hdx_wp_${one} is not as it should be`,
      () => [run(`ALTER SETTINGS PROFILE hdx_wp_${one} SETTINGS max_execution_time = 5 WRITABLE`)],
    ],
    [
      'a quota that was dropped',
      'access.quotas',
      () => `hdx_rq_${one} is missing`,
      () => [run(`DROP QUOTA hdx_rq_${one}`)],
    ],
    [
      'a table that was dropped',
      'tables.present',
      () => `missing: otel_metrics_sum_${one}`,
      () => [run(`DROP TABLE ${database()}.otel_metrics_sum_${one} SYNC`)],
    ],
  ];

  it.each(cases)(
    'finds %s, with the tenant, and the way out leads out',
    async (_, check, says, tamper) => {
      await Promise.all(tamper());
      const report = await examine();
      const about = report.findings.filter((finding) => finding.check === check);
      expect(about.length).toBeGreaterThan(0);
      // A user that is gone takes its quota with it; nothing is said of the other tenant.
      for (const [, , tenant] of found(report)) expect(tenant).toBe(one);
      expect(about.map(({ message }) => message).join()).toContain(says());
      await applyAgain();
      expect(found(await examine())).toEqual([]);
    },
    120_000,
  );

  it('finds users of nobody', async () => {
    const stranger = new Types.ObjectId().toHexString();
    const hash = `IDENTIFIED WITH sha256_hash BY '${'ab'.repeat(32)}' SALT '${'cd'.repeat(16)}'`;
    await run(`CREATE USER hdx_r_${stranger} ${hash}`);
    const report = await examine();
    expect(found(report)).toEqual([['error', 'access.users', null]]);
    expect(JSON.stringify(report.findings)).toContain(`hdx_r_${stranger} belongs to no tenant`);
    await run(`DROP USER hdx_r_${stranger}`);
  }, 60_000);

  it('finds a definer that may log in, and pins that do not hold', async () => {
    await run(`ALTER USER ${viewsDefiner} HOST ANY`);
    await run(`ALTER SETTINGS PROFILE ${readerPins} SETTINGS max_threads CONST`);
    const report = await examine();
    const checks = report.findings.map(({ check }) => check);
    expect(checks).toContain('access.definer');
    expect(checks).toContain('access.pins');
    // What the pins held fast, a reader can change: the attempt shows it.
    expect(checks).toContain('server.settings');
    expect(JSON.stringify(report.findings)).toContain('A reader may set max_block_size = 7');
  }, 60_000);

  it('finds a password that is another, a secret that is unknown, and the administrator in a connection', async () => {
    const document = await Tenant.findById(one);
    await Tenant.updateOne({ _id: one }, { $set: { 'credentials.generation': 99 } });
    const { findings } = await examine();
    expect(findings.find(({ check }) => check === 'server.login')).toMatchObject({
      severity: 'error',
      tenant: one,
    });
    await Tenant.updateOne({ _id: one }, { $set: { 'credentials.secret': 'lost' } });
    const username = engines.clickhouse.user;
    await Connection.updateOne({ _id: document?.members.connection }, { $set: { username } });
    const report = await examine();
    expect(found(report)).toContainEqual(['error', 'documents.tenants', one]);
    expect(found(report)).toContainEqual(['error', 'documents.connections', one]);
    // The other tenant's reader can still tell.
    expect(statusOf(report, 'server.login')).toBe('ok');

    const keyring = new Keyring(server.config.secret);
    const other = (await Tenant.findById(two))!.credentials;
    for (const hidden of [
      keyring.password(parseTenantId(two), 'reader', other),
      keyring.passwordHash(parseTenantId(two), 'reader', other)?.hash,
      engines.clickhouse.password,
    ]) {
      expect(hidden?.length).toBeGreaterThan(0);
      expect(JSON.stringify(report)).not.toContain(`${hidden}`);
    }
  }, 60_000);
});
