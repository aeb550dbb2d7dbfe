import { describeWith, engineCapabilities } from '@hyperdx-tenancy/devkit/engines';
import { waitFor } from '@hyperdx-tenancy/devkit/process';
import {
  renderAccess,
  renderDropAccess,
  renderResume,
  renderSuspend,
} from '@hyperdx-tenancy/domain/access';
import { baseNames, planDrop } from '@hyperdx-tenancy/domain/tables';

import {
  ServerUnderTest,
  codeOf,
  codes,
  countLogs,
  hashOf,
  insertLogs,
  newPassword,
} from './server/server';

describeWith('cluster', 'a ClickHouse cluster', () => {
  let server: ServerUnderTest;

  beforeAll(async () => {
    server = await ServerUnderTest.start();
  }, 300_000);

  afterAll(() => server.close(), 60_000);

  it('makes, fills, reads and removes replicated tables and users ON CLUSTER', async () => {
    const cluster = engineCapabilities().cluster!;
    await waitFor(() => server.admin("SELECT count() FROM system.zookeeper WHERE path = '/'"), {
      timeoutMs: 60_000,
      what: 'Keeper to answer',
    });
    const path = '/clickhouse/tables/{shard}/{database}/{table}';
    const engine = { replicated: { path, replica: '{replica}' } };
    await server.run(server.shared({ cluster }));
    const tenant = await server.tenant({ cluster, engine });

    const replicas = await server.rows<{ table: string }>(
      `SELECT table FROM system.replicas WHERE database = '${server.database}' AND endsWith(table, '_${tenant.id}')`,
    );
    // All but the two views.
    expect(replicas).toHaveLength(baseNames.length - 2);

    expect((await insertLogs(tenant.writer, tenant.table('otel_logs'), 3)).code).toBe(0);
    expect(await tenant.reader(countLogs(tenant))).toEqual({ code: 0, text: '3' });
    expect(await codeOf(tenant.reader, countLogs(await server.tenant()))).toBe(codes.accessDenied);
    const onCluster = `DROP TABLE ${tenant.table('otel_logs')} ON CLUSTER ${cluster}`;
    expect(await codeOf(tenant.writer, onCluster)).not.toBe(0);

    const before = await server.everythingOf(tenant);
    const others = { reader: hashOf(newPassword()), writer: hashOf(newPassword()) };
    await server.run(renderAccess(tenant.access, others, { cluster }));
    expect(await server.everythingOf(tenant)).toEqual(before);

    await server.run(renderSuspend(tenant.access, { reading: 'stops' }, { cluster }));
    expect(await codeOf(tenant.reader, countLogs(tenant))).toBe(codes.accessDenied);
    await server.run(renderResume(tenant.access, { cluster }));
    expect(await codeOf(tenant.reader, countLogs(tenant))).toBe(0);

    const at = { tenantId: tenant.id, database: server.database, cluster };
    for (let again = 0; again < 2; again += 1) {
      await server.run(renderDropAccess(tenant.access, { cluster }));
      await server.run(planDrop(at));
    }
    expect(await codeOf(tenant.reader, 'SELECT 1')).toBe(codes.authenticationFailed);
    // The names are free at once, in Keeper too.
    const left = await server.admin(
      `SELECT count() FROM system.tables WHERE endsWith(name, '_${tenant.id}')`,
    );
    expect(left).toBe('0');
  }, 180_000);
});
