import { formatTableComment } from '../comment';
import type { TablesContext } from '../context';
import { mergeSite } from '../mergeSite';
import { planTables } from '../plan';
import type { ObservedTable } from '../planSite';
import { planSite } from '../planSite';
import { currentTemplates, schemaVersion, tableTemplates } from '../registry';
import { renderTenantTables } from '../render';
import { siteMark } from '../siteHash';
import type { SiteTemplates } from '../siteTable';
import { failure } from './failure';
import { logsTable, single, site, tenantId } from './siteFixtures';

const withSite: TablesContext = { ...single, site };
const name = `otel_logs_${tenantId}`;

/** The tables as they are once they were made with some additions, by some version of ours. */
function tables(made: SiteTemplates = {}, version = schemaVersion): ObservedTable[] {
  return mergeSite(tableTemplates, made).map(({ base, columns, indexes }) => {
    const mark = siteMark(made, base);
    return {
      name: `${base}_${tenantId}`,
      kind: 'table',
      comment: formatTableComment({
        schemaVersion: version,
        tenantId,
        base,
        ...(mark !== undefined && { site: mark }),
      }),
      columns: columns.map(({ name: column, type, computed }) => ({
        name: column,
        type,
        kind: computed?.kind ?? '',
      })),
      indexes: indexes.map(({ name: index, type }) => ({ name: index, type })),
    };
  });
}
const changed = (change: (logs: ObservedTable) => Partial<ObservedTable>): ObservedTable[] => {
  const [logs, ...rest] = tables(site);
  return [{ ...logs!, ...change(logs!) }, ...rest];
};
const sql = (context: TablesContext, observed: ObservedTable[]): string[] =>
  planSite(context, observed).statements.map((statement) => statement.sql);

describe('planSite', () => {
  it('adds what is missing, then says so in the COMMENT', () => {
    const plan = planSite(withSite, tables());
    expect(plan).toMatchSnapshot();
  });

  it('runs on the whole cluster', () => {
    for (const statement of sql({ ...withSite, cluster: 'main' }, tables())) {
      expect(statement).toMatch(/^ALTER TABLE `default`\.`otel_logs_\w+` ON CLUSTER `main`\n/);
    }
  });

  it('does nothing where all is there, or no additions ever were', () => {
    const nothing = { statements: [], left: [], conflicts: [] };
    expect(planSite(withSite, tables(site))).toEqual(nothing);
    expect(planSite(single, tables())).toEqual(nothing);
  });

  it('leaves tables that are not there to planTables', () => {
    expect(planSite(withSite, [])).toEqual({ statements: [], left: [], conflicts: [] });
  });

  it('adds what a crash left out', () => {
    const observed = changed(({ columns, indexes }) => ({
      columns: columns.filter((column) => column.name !== 'tier'),
      indexes: indexes.filter((index) => index.name !== 'pair'),
    }));
    expect(sql(withSite, observed)).toEqual([
      `ALTER TABLE \`default\`.\`${name}\`
  ADD COLUMN IF NOT EXISTS \`tier\` String DEFAULT ('none'),
  ADD INDEX IF NOT EXISTS \`pair\` (host_name, tier) TYPE set(100)`,
    ]);
  });

  it('restates what is there when the site says something else of it', () => {
    const { columns, indexes } = site.otel_logs!;
    const next = columns.map((column) =>
      column.name === 'tier' ? { ...column, default: "'basic'" } : column,
    );
    const now = { otel_logs: { columns: next, indexes } };
    const [alter, comment, ...more] = sql({ ...single, site: now }, tables(site));
    expect(more).toEqual([]);
    expect(alter).toContain("MODIFY COLUMN IF EXISTS `tier` String DEFAULT ('basic')");
    expect(alter).not.toMatch(/ADD|DROP/);
    expect(comment).toContain(`MODIFY COMMENT`);
    expect(comment).toContain(`site=${siteMark(now, 'otel_logs')}`);
  });

  it('leaves what the site took back, says so, and takes the mark away', () => {
    const plan = planSite(single, tables(site));
    expect(plan.left).toEqual([
      ...['host_name', 'cost', 'tier', 'shout'].map((column) => ({
        object: name,
        part: 'column',
        name: column,
      })),
      ...['host', 'pair'].map((index) => ({ object: name, part: 'index', name: index })),
    ]);
    expect(plan.statements.map((statement) => statement.sql)).toEqual([
      `ALTER TABLE \`default\`.\`${name}\`\n  MODIFY COMMENT '${tables()[0]!.comment}'`,
    ]);
  });

  it.each([
    ['type', { type: 'UInt8' }, 'UInt8 DEFAULT'],
    ['kind', { kind: 'ALIAS' }, 'String ALIAS'],
  ])('reports a column of another %s and leaves it, and the COMMENT', (_, is, found) => {
    const observed = changed(({ columns }) => ({
      comment: tables()[0]!.comment,
      columns: columns.map((column) => (column.name === 'tier' ? { ...column, ...is } : column)),
    }));
    const plan = planSite(withSite, observed);
    expect(plan.conflicts).toEqual([
      { object: name, part: 'column', name: 'tier', found, wanted: 'String DEFAULT' },
    ]);
    expect(plan.statements).toHaveLength(1);
    expect(plan.statements[0]!.sql).not.toMatch(/`tier`|MODIFY COMMENT/);
  });

  it('reports an index of another type', () => {
    const observed = changed(({ indexes }) => ({
      indexes: indexes.map((index) =>
        index.name === 'pair' ? { ...index, type: 'minmax' } : index,
      ),
    }));
    expect(planSite(withSite, observed).conflicts).toEqual([
      { object: name, part: 'index', name: 'pair', found: 'minmax', wanted: 'set(100)' },
    ]);
  });

  it('does not mind how ClickHouse sets its spaces', () => {
    const spaced = changed(({ columns }) => ({
      columns: columns.map((column) => ({ ...column, type: column.type.replaceAll(', ', ',') })),
    }));
    expect(planSite(withSite, spaced)).toEqual({ statements: [], left: [], conflicts: [] });
  });

  it('only adds to a table without a COMMENT of ours', () => {
    const [logs] = tables();
    const [alter, ...more] = sql(withSite, [{ ...logs!, comment: 'adopted' }]);
    expect(more).toEqual([]);
    expect(alter).toContain('ADD COLUMN IF NOT EXISTS `tier`');
  });

  it('stops at a table made for somebody else', () => {
    const comment = tables()[0]!.comment.replace(tenantId, 'fedcba987654321001234567');
    const { code } = failure(() =>
      planSite(
        withSite,
        changed(() => ({ comment })),
      ),
    );
    expect(code).toBe('foreign_table');
  });

  it('refuses additions that cannot stand in a statement, as CREATE does', () => {
    const bad = { otel_logs: logsTable() };
    bad.otel_logs.columns.push({ name: 'x', type: 'String', default: '1; DROP TABLE t' });
    const { code } = failure(() => planSite({ ...single, site: bad }, tables()));
    expect(code).toBe('invalid_request');
  });
});

describe('an upgrade of the templates', () => {
  const upgraded = { ...currentTemplates, schemaVersion: schemaVersion + 1 };

  it('drops nothing of a site’s, and the COMMENT keeps the version that made the table', () => {
    const desired = renderTenantTables(withSite, upgraded);
    const made = tables(site);
    const steps = planTables(desired, made).filter(({ action }) => action === 'keep');
    expect(steps).toHaveLength(made.length);
    expect(planSite(withSite, made, upgraded)).toEqual({ statements: [], left: [], conflicts: [] });

    const plan = planSite(withSite, tables(), upgraded);
    expect(plan.statements.at(-1)!.sql).toContain(
      `MODIFY COMMENT 'hyperdx-tenancy schema=${schemaVersion} `,
    );
    for (const statement of plan.statements) expect(statement.sql).not.toContain('DROP');
  });
});
