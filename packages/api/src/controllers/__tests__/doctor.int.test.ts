import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { DoctorReport } from '@hyperdx-tenancy/domain/contracts/doctor';
import { Types } from 'mongoose';

import { startEngines, startTestServer, testConfig } from '../../fixtures';
import type { Engines, TestServer } from '../../fixtures';
import Connection from '../../models/connection';
import OperatorToken from '../../models/operatorToken';
import Source from '../../models/source';
import Team from '../../models/team';
import Tenant from '../../models/tenant';

/** A target without users, and one that does not answer. */
describe('GET /tenancy/v1/doctor on a guard target', () => {
  let engines: Engines;
  let server: TestServer;
  let folder: string;
  let [one, two] = ['', ''];

  beforeAll(async () => {
    engines = await startEngines(true);
    folder = mkdtempSync(join(tmpdir(), 'hdxt-doctor-'));
    const path = join(folder, 'targets.yaml');
    // Port 1 is nobody's.
    const gone = { name: 'gone', url: 'http://127.0.0.1:1', username: 'boss', access: 'grants' };
    writeFileSync(path, JSON.stringify({ targets: [gone] }));
    server = await startTestServer(
      testConfig(engines, { TENANCY_TARGETS_FILE: path, TENANCY_ACCESS_MODE: 'guard' }),
    );
    for (const name of ['One', 'Two']) {
      const body = { name, target: 'default' };
      const { status, json } = await server.request('POST', '/tenancy/v1/tenants', { body });
      expect(status).toBe(201);
      [one, two] = [two, String(json['id'])];
    }
  }, 180_000);

  afterAll(async () => {
    await server.stop();
    await engines.stop();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  async function examine(): Promise<DoctorReport> {
    const { status, json } = await server.request('GET', '/tenancy/v1/doctor');
    expect(status).toBe(200);
    return json as DoctorReport;
  }
  const ofTarget = ({ findings }: DoctorReport, target: string | null) =>
    findings
      .filter((finding) => finding.target === target)
      .map(({ severity, check, tenant }) => [severity, check, tenant]);
  /** What is found beyond the two things that are always so here. */
  const others = (report: DoctorReport) =>
    report.findings
      .filter(({ check }) => check !== 'target.mode' && check !== 'target.answers')
      .map(({ severity, check, tenant }) => [severity, check, tenant]);

  it('says that the guard is the only wall, and that a target is away, and goes on', async () => {
    const report = await examine();
    expect(ofTarget(report, 'default')).toEqual([['warning', 'target.mode', null]]);
    expect(ofTarget(report, 'gone')).toEqual([['error', 'target.answers', null]]);
    expect(ofTarget(report, null)).toEqual([]);
    expect(report.ok).toBe(false);
    const status = (target: string, name: string) =>
      report.checks.find((check) => check.target === target && check.name === name)?.status;
    expect(status('default', 'tables.present')).toBe('ok');
    expect(status('default', 'access.users')).toBeUndefined();
    expect(status('gone', 'tables.present')).toBe('skipped');
    expect(status('gone', 'access.users')).toBe('skipped');
    expect(report.findings.every(({ fix }) => fix.length > 10)).toBe(true);
  }, 60_000);

  it('finds tables that are gone, those of another tenant and those of nobody', async () => {
    const run = (query: string) => engines.admin.command({ query });
    const stranger = new Types.ObjectId().toHexString();
    const asTwo = `hyperdx-tenancy schema=1 tenant=${two} base=otel_traces`;
    await run(`DROP TABLE otel_logs_${one} SYNC`);
    await run(`ALTER TABLE otel_traces_${one} MODIFY COMMENT '${asTwo}'`);
    await run(`CREATE TABLE otel_logs_${stranger} (a UInt8) ENGINE = Memory`);
    const report = await examine();
    expect(others(report)).toEqual([
      ['error', 'tables.present', one],
      ['error', 'tables.present', one],
      ['warning', 'tables.present', null],
    ]);
    const text = JSON.stringify(report.findings);
    for (const name of [`otel_logs_${one}`, `otel_traces_${one}`, `otel_logs_${stranger}`]) {
      expect(text).toContain(name);
    }
    await run(`DROP TABLE otel_logs_${stranger} SYNC`);
    const asOne = asTwo.replace(two, one);
    await run(`ALTER TABLE otel_traces_${one} MODIFY COMMENT '${asOne}'`);
    // The way out that the finding names.
    const body = { settings: { retentionHours: { logs: 100 } } };
    const { status } = await server.request('PATCH', `/tenancy/v1/tenants/${one}`, { body });
    expect(status).toBe(200);
    expect(others(await examine())).toEqual([]);
  }, 120_000);

  it('finds documents that do not fit together', async () => {
    const [tenant, broken] = [await Tenant.findById(one), await Tenant.findById(two)];
    const { _id: source } = (await Source.findOne({ team: tenant?.members.team }).lean())!;
    await Source.updateOne({ _id: source }, { $set: { seriesTable: `otel_traces_${two}` } });
    await Connection.updateOne(
      { _id: tenant?.members.connection },
      { $set: { username: 'boss', host: 'http://127.0.0.1:1' } },
    );
    await Tenant.updateOne({ _id: two }, { $set: { target: 'nowhere', plan: 'golden' } });
    const stray = await Team.collection.insertOne({ name: 'Made by HyperDX', apiKey: 'stray-key' });
    await OperatorToken.create({ name: 'ci', hash: 'x', role: 'admin', createdBy: 'test' });

    const report = await examine();
    expect(others(report)).toEqual([
      ['error', 'documents.tenants', two],
      ['error', 'documents.tenants', two],
      ['error', 'documents.sources', one],
      ['error', 'documents.connections', one],
      ['warning', 'documents.teams', null],
      ['info', 'configuration.adminToken', null],
    ]);
    const text = JSON.stringify(report);
    for (const name of ['nowhere', 'golden', String(source), String(stray.insertedId)]) {
      expect(text).toContain(name);
    }

    await Team.collection.deleteOne({ _id: stray.insertedId });
    await Team.deleteOne({ _id: broken?.members.team });
    expect(others(await examine())).toContainEqual(['error', 'documents.teams', two]);
  }, 60_000);

  it('tells no secret', async () => {
    const text = JSON.stringify(await examine());
    const { adminToken, secret, collectorToken } = server.config;
    expect(text).not.toContain(adminToken);
    expect(text).not.toContain(secret);
    expect(text).not.toContain(collectorToken);
  }, 60_000);

  it('is asked many times at once, and examines once', async () => {
    const reports = await Promise.all(Array.from({ length: 5 }, examine));
    expect(new Set(reports.map(({ checkedAt }) => checkedAt)).size).toBeLessThan(5);
  }, 60_000);
});
