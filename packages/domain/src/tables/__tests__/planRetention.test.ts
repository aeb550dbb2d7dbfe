import { defaultRetention } from '../context';
import { planRetention } from '../planRetention';
import { tableTemplates } from '../registry';
import { renderTenantTables } from '../render';
import { failure } from './failure';
import { single, tenantId } from './siteFixtures';

const shorter = { ...single, retention: { ...defaultRetention, logs: 48 } };

describe('planRetention', () => {
  it('changes the tables of the signals that changed, rollups too', () => {
    expect(planRetention(shorter, defaultRetention).map(({ sql }) => sql)).toEqual(
      ['otel_logs', 'otel_logs_kv_rollup_15m'].map(
        (base) =>
          `ALTER TABLE \`default\`.\`${base}_${tenantId}\` MODIFY TTL toDateTime(\`Timestamp\`) + toIntervalHour(48)`,
      ),
    );
  });

  it('does nothing where nothing changed', () => {
    expect(planRetention(single, defaultRetention)).toEqual([]);
  });

  it('states that of every table where it is not known, as the CREATE has it', () => {
    const context = { ...single, retention: { logs: 24, traces: 48, sessions: 72, metrics: 96 } };
    const statements = planRetention(context);
    expect(statements).toHaveLength(tableTemplates.length);
    const created = new Map(renderTenantTables(context).map(({ object, sql }) => [object, sql]));
    for (const { object, sql } of statements) {
      expect(created.get(object)).toContain(`\nTTL ${sql.split(' MODIFY TTL ')[1]}\n`);
    }
  });

  it('runs on the whole cluster', () => {
    const [statement] = planRetention({ ...shorter, cluster: 'main' }, defaultRetention);
    expect(statement!.sql).toContain(` ON CLUSTER \`main\` MODIFY TTL `);
  });

  it('refuses hours that would delete everything', () => {
    const context = { ...single, retention: { ...defaultRetention, traces: 0 } };
    expect(failure(() => planRetention(context, defaultRetention)).message).toContain(
      'retention.traces',
    );
  });
});
