import { parseTenantId } from '../../ids';
import { formatTableComment, schemaVersion, templates } from '../../tables';
import type { ObservedObject } from '../../tables';
import { compareTables, findOrphanTables } from '../tables';
import { a, b } from './fixtures';

function tablesOf(tenantId = a): Map<string, ObservedObject> {
  return new Map(
    templates.map(({ base, kind }) => {
      const name = `${base}_${tenantId}`;
      return [name, { name, kind, comment: formatTableComment({ schemaVersion, tenantId, base }) }];
    }),
  );
}

const logs = `otel_logs_${a}`;
const said = (found: ReadonlyMap<string, ObservedObject>) =>
  [...compareTables(a, found)].map(({ severity, message }) => [severity, message]);

/** The tables with another one in the place of the logs. */
const withLogs = (more: Partial<ObservedObject>): Map<string, ObservedObject> =>
  tablesOf().set(logs, { ...tablesOf().get(logs)!, ...more });

it('finds nothing where all are there, adopted ones without a COMMENT of ours among them', () => {
  expect(said(tablesOf())).toEqual([]);
  expect(said(withLogs({ comment: 'made by hand' }))).toEqual([]);
});

it('finds missing tables and views', () => {
  const found = tablesOf();
  found.delete(logs);
  found.delete(`otel_traces_kv_rollup_15m_mv_${a}`);
  expect(said(found)).toEqual([
    ['error', `Tables or views are missing: ${logs}, otel_traces_kv_rollup_15m_mv_${a}.`],
  ]);
});

it('finds tables that were made for another tenant, as another table, or are views', () => {
  const comment = (of: typeof a, base: string) =>
    formatTableComment({ schemaVersion, tenantId: of, base });
  for (const more of [
    { comment: comment(b, 'otel_logs') },
    { comment: comment(a, 'otel_traces') },
    { kind: 'view' as const },
  ]) {
    expect(said(withLogs(more))).toEqual([
      ['error', expect.stringContaining(`${logs} exists already and`)],
    ]);
  }
});

it('finds tables of an older schema version', () => {
  const comment = formatTableComment({ schemaVersion: 0, tenantId: a, base: 'otel_logs' });
  expect(said(withLogs({ comment }))).toEqual([
    ['warning', `Of an older schema version than ${schemaVersion}: ${logs}.`],
  ]);
});

it('finds tables of nobody: one finding for each id', () => {
  const c = parseTenantId('65f0c0ffee0000000000cccc');
  const names = [...tablesOf(c).keys(), logs, `otel_logs_${b}`, 'otel_logs'];
  const found = [...findOrphanTables(names, (id) => id === a)];
  expect(found.map(({ message }) => message)).toEqual([
    `Tables that belong to no tenant: otel_logs_${b}.`,
    expect.stringMatching(/^Tables that belong to no tenant: .* and 7 more\.$/),
  ]);
});
