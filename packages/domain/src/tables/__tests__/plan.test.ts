import { parseTenantId } from '../../ids';
import { formatTableComment } from '../comment';
import { defaultRetention } from '../context';
import { baseNames } from '../names';
import type { ObservedObject } from '../plan';
import { planDrop, planTables } from '../plan';
import { schemaVersion, templates } from '../registry';
import { renderTenantTables } from '../render';
import { failure } from './failure';

const tenantId = parseTenantId('0123456789abcdef01234567');
const other = parseTenantId('fedcba987654321001234567');
const desired = renderTenantTables({
  tenantId,
  database: 'default',
  clickhouseVersion: { major: 26, minor: 2 },
  engine: 'MergeTree',
  partitioning: 'day',
  retention: defaultRetention,
});
const complete: ObservedObject[] = templates.map(({ base, kind }) => ({
  name: `${base}_${tenantId}`,
  kind,
  comment: formatTableComment({ schemaVersion, tenantId, base }),
}));
const withFirst = (change: Partial<ObservedObject>): ObservedObject[] => [
  { ...complete[0]!, ...change },
  ...complete.slice(1),
];

describe('planTables', () => {
  it('creates everything, in order, where nothing is', () => {
    expect(planTables(desired, [])).toEqual(
      desired.map((statement) => ({ action: 'create', statement })),
    );
  });

  it('keeps everything where all is there, whatever else the database holds', () => {
    const foreign = { name: `otel_logs_${other}`, kind: 'table' as const, comment: 'x' };
    expect(planTables(desired, [foreign, ...complete])).toEqual(
      desired.map(({ object }) => ({ action: 'keep', object, schemaVersion })),
    );
  });

  it('creates what a crash left out', () => {
    const missing = `hyperdx_sessions_${tenantId}`;
    const steps = planTables(
      desired,
      complete.filter(({ name }) => name !== missing),
    );
    const created = steps.flatMap((step) =>
      step.action === 'create' ? [step.statement.object] : [],
    );
    expect(created).toEqual([missing]);
  });

  it('keeps a table without a comment of ours, and says that its schema is not known', () => {
    expect(planTables(desired, withFirst({ comment: '' }))[0]).toEqual({
      action: 'keep',
      object: `otel_logs_${tenantId}`,
      schemaVersion: null,
    });
  });

  it('tells the schema version that made a table', () => {
    const comment = formatTableComment({ schemaVersion: 0, tenantId, base: 'otel_logs' });
    expect(planTables(desired, withFirst({ comment }))[0]).toMatchObject({ schemaVersion: 0 });
  });

  it.each([
    ['made for another tenant', { tenantId: other, base: 'otel_logs' }],
    ['made as another table', { tenantId, base: 'otel_traces' }],
  ])('stops at a table %s', (_, made) => {
    const comment = formatTableComment({ schemaVersion, ...made });
    const { code, message } = failure(() => planTables(desired, withFirst({ comment })));
    expect(code).toBe('foreign_table');
    expect(message).not.toContain(other);
  });

  it('stops at an object of another kind', () => {
    const { code } = failure(() => planTables(desired, withFirst({ kind: 'view' })));
    expect(code).toBe('foreign_table');
  });
});

describe('planDrop', () => {
  const statements = planDrop({ tenantId, database: 'default', cluster: 'main' });

  it('drops every object once: views, then rollups, then what they read', () => {
    expect(statements.map(({ object }) => object)).toEqual(
      baseNames.map((base) => `${base}_${tenantId}`).toReversed(),
    );
  });

  it('waits for each, on the whole cluster, and drops a view as a view', () => {
    expect(statements[0]!.sql).toBe(
      `DROP VIEW IF EXISTS \`default\`.\`otel_traces_kv_rollup_15m_mv_${tenantId}\` ON CLUSTER \`main\` SYNC`,
    );
    expect(statements.at(-1)!.sql).toBe(
      `DROP TABLE IF EXISTS \`default\`.\`otel_logs_${tenantId}\` ON CLUSTER \`main\` SYNC`,
    );
  });
});
