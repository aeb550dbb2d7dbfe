import { parseTenantId } from '../../ids';
import { parseTableComment } from '../comment';
import type { Engine, Partitioning, TablesContext } from '../context';
import { defaultRetention, maxRetentionHours } from '../context';
import { schemaVersion, templates } from '../registry';
import { renderCreateTable, renderTenantTables } from '../render';
import { failure } from './failure';

const tenantId = parseTenantId('0123456789abcdef01234567');
const single: TablesContext = {
  tenantId,
  database: 'default',
  clickhouseVersion: { major: 26, minor: 2 },
  engine: 'MergeTree',
  partitioning: 'day',
  retention: { ...defaultRetention },
};
const replicated: Engine = {
  replicated: { path: '/clickhouse/tables/{shard}/{database}/{table}', replica: '{replica}' },
};
const clustered: TablesContext = {
  ...single,
  engine: replicated,
  cluster: 'main',
  definer: 'hdx_views',
};
const old = { major: 25, minor: 8 };

const statement = (base: string, context: TablesContext): string =>
  renderCreateTable(
    templates.find((template) => template.base === base)!,
    context,
  );
const refusal = (change: Partial<TablesContext>) => () =>
  renderTenantTables({ ...single, ...change });

describe('snapshots', () => {
  it.each(templates)('$base on one server', (template) => {
    expect(renderCreateTable(template, single)).toMatchSnapshot();
  });

  it.each(templates)('$base on a cluster before text indexes', (template) => {
    expect(renderCreateTable(template, { ...clustered, clickhouseVersion: old })).toMatchSnapshot();
  });
});

describe('every combination', () => {
  const versions = [
    { major: 24, minor: 3 },
    { major: 24, minor: 8 },
    old,
    { major: 26, minor: 2 },
    { major: 27, minor: 1 },
  ];
  const partitions: Record<Partitioning, string> = {
    day: 'PARTITION BY toDate(',
    week: 'PARTITION BY toMonday(',
    month: 'PARTITION BY toYYYYMM(',
  };
  const cases = [single, clustered].flatMap((base) =>
    versions.flatMap((clickhouseVersion) =>
      (['day', 'week', 'month'] as const).map((partitioning) => ({
        ...base,
        clickhouseVersion,
        partitioning,
      })),
    ),
  );

  it.each(cases)(
    '$engine $clickhouseVersion.major.$clickhouseVersion.minor $partitioning',
    (context) => {
      const text = context.clickhouseVersion.major >= 26;
      const block = context.clickhouseVersion.major > 24 || context.clickhouseVersion.minor >= 8;
      for (const { object, kind, sql } of renderTenantTables(context)) {
        expect(object.endsWith(`_${tenantId}`)).toBe(true);
        expect(sql).toContain(`IF NOT EXISTS \`default\`.\`${object}\``);
        expect(sql.includes('ON CLUSTER `main`')).toBe(context.cluster !== undefined);
        if (kind === 'view') {
          expect(sql.includes('DEFINER = `hdx_views` SQL SECURITY DEFINER')).toBe(
            context.definer !== undefined,
          );
          continue;
        }
        expect(sql).toContain(partitions[context.partitioning]);
        expect(sql).toContain('ttl_only_drop_parts = 1, materialize_ttl_recalculate_only = 1');
        expect(sql.includes('ENGINE = Replicated')).toBe(context.engine !== 'MergeTree');
      }
      const logs = statement('otel_logs', context);
      expect(logs.includes('TYPE text(')).toBe(text);
      expect(logs.includes('TYPE bloom_filter(')).toBe(!text);
      expect(logs.includes('LogAttributeItems')).toBe(text);
      expect(logs.includes('enable_block_number_column = 1')).toBe(block);
    },
  );
});

describe('retention', () => {
  it('is each signal’s own, and a rollup has its base table’s', () => {
    const context = { ...single, retention: { logs: 24, traces: 48, sessions: 72, metrics: 96 } };
    const hours = (base: string): string | undefined =>
      /toIntervalHour\((\d+)\)/.exec(statement(base, context))?.[1];
    expect(hours('otel_logs')).toBe('24');
    expect(hours('otel_logs_kv_rollup_15m')).toBe('24');
    expect(hours('otel_traces')).toBe('48');
    expect(hours('otel_traces_kv_rollup_15m')).toBe('48');
    expect(hours('hyperdx_sessions')).toBe('72');
    expect(hours('otel_metrics_summary')).toBe('96');
  });

  it.each([0, -1, 1.5, NaN, Infinity, maxRetentionHours + 1])('refuses %d hours', (logs) => {
    const { code, message } = failure(refusal({ retention: { ...defaultRetention, logs } }));
    expect(code).toBe('invalid_request');
    expect(message).toContain('retention.logs');
  });
});

describe('what cannot be rendered', () => {
  it('an id that did not come from the parser', () => {
    const { code } = failure(refusal({ tenantId: '`; DROP' as typeof tenantId }));
    expect(code).toBe('invalid_tenant_id');
  });

  it('a server older than the templates', () => {
    expect(refusal({ clickhouseVersion: { major: 24, minor: 2 } })).toThrow(/24\.2/);
  });

  it('a Keeper path that all tables would share', () => {
    const engine = { replicated: { path: '/clickhouse/tables/{shard}', replica: '{replica}' } };
    expect(refusal({ engine })).toThrow(/engine\.replicated\.path/);
  });

  it('names with control characters', () => {
    expect(failure(refusal({ database: 'a\nb' })).code).toBe('invalid_table_name');
  });
});

describe('hostile names', () => {
  const evil = '`; DROP TABLE x; --';

  it.each(['database', 'cluster', 'definer'] as const)('stay one identifier as %s', (field) => {
    for (const { sql } of renderTenantTables({ ...single, [field]: evil })) {
      expect(sql.replaceAll('`\\`; DROP TABLE x; --`', '')).not.toContain('DROP');
    }
  });

  it('stay one literal as Keeper path and replica', () => {
    const text = "{table}'; DROP TABLE x; --";
    const engine = { replicated: { path: text, replica: text } };
    for (const { sql } of renderTenantTables({ ...single, engine })) {
      expect(sql.replaceAll("'{table}\\'; DROP TABLE x; --'", '')).not.toContain('DROP');
    }
  });
});

describe('COMMENT', () => {
  it('says schema version, tenant and template, on tables and views', () => {
    for (const template of templates) {
      const comment = /COMMENT '([^']*)'$/.exec(renderCreateTable(template, single))?.[1];
      expect(parseTableComment(comment ?? '')).toEqual({
        schemaVersion,
        tenantId,
        base: template.base,
      });
    }
  });

  it.each([
    '',
    'otel_logs of somebody',
    `hyperdx-tenancy schema=1 tenant=${tenantId}`,
    `hyperdx-tenancy schema=x tenant=${tenantId} base=otel_logs`,
    `hyperdx-tenancy schema=1 tenant=${tenantId.toUpperCase()} base=otel_logs`,
    `x hyperdx-tenancy schema=1 tenant=${tenantId} base=otel_logs`,
    `hyperdx-tenancy schema=1 tenant=${tenantId} base=otel_logs\n`,
  ])('is nobody’s when it is %j', (comment) => {
    expect(parseTableComment(comment)).toBeNull();
  });
});
