import { ClickHouseError } from '@clickhouse/client';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import {
  expectedColumns,
  quoteIdentifier,
  quoteLiteral,
  renderColumn,
  renderElements,
  renderIndex,
  siteBases,
  tableTemplates,
  toColumn,
  toSkipIndex,
  withSite,
} from '@hyperdx-tenancy/domain/tables';
import type {
  ClickHouseVersion,
  SiteColumn,
  SiteTable,
  SiteTemplates,
  TableTemplate,
} from '@hyperdx-tenancy/domain/tables';

import { ConfigFileError } from '../configFiles/yamlFile';
import type { ClickHouseClient } from './client';
import { execute, select } from './run';

/** `ACCESS_DENIED`. */
const ACCESS_DENIED = '497';

const siteTables = tableTemplates.filter(({ base }) => siteBases.includes(base));

/**
 * Lets a target's ClickHouse judge a site's additions before anything is made with them: each is parsed by itself and
 * analysed with the columns that its table will have, so that a fault has a name; then all of a table's are tried together,
 * in a temporary table that ends with its request. Where the administrator may not make one, what only CREATE finds out
 * (an unknown codec or index type) is found out by the first tenant.
 *
 * The text is the operator's own: ClickHouse's message is part of the error.
 * @returns the additions with their types as this ClickHouse prints them, which is what tables are compared with later.
 * @throws ConfigFileError, TenancyError `clickhouse_unavailable`.
 */
export async function checkSiteTemplates(
  client: ClickHouseClient,
  site: SiteTemplates,
  version: ClickHouseVersion,
): Promise<SiteTemplates> {
  const checked: Partial<Record<string, SiteTable>> = {};
  for (const template of siteTables) {
    const table = site[template.base];
    if (table) checked[template.base] = await checkTable(client, template, table, version);
  }
  return checked;
}

async function checkTable(
  client: ClickHouseClient,
  template: TableTemplate,
  table: SiteTable,
  version: ClickHouseVersion,
): Promise<SiteTable> {
  const file = `${template.base}.yaml`;
  const columns: SiteColumn[] = [];
  for (const column of table.columns) {
    const at = `${file}: columns.${column.name}`;
    await parse(client, `ADD COLUMN ${renderColumn(toColumn(column))}`).catch(refusedAs(at));
    const type = await canonicalType(client, column.type).catch(refusedAs(`${at}.type`));
    columns.push({ ...column, type });
  }
  for (const index of table.indexes) {
    await parse(client, `ADD INDEX ${renderIndex(toSkipIndex(index))}`).catch(
      refusedAs(`${file}: indexes.${index.name}`),
    );
  }
  const canonical = { ...table, columns };
  const merged = withSite(template, { [template.base]: canonical });
  const row = sampleRow(expectedColumns(merged, version));
  for (const { name, computed } of columns.map(toColumn)) {
    if (!computed) continue;
    await analyse(client, computed.expression, row).catch(refusedAs(`${file}: columns.${name}`));
  }
  for (const { name, expression } of table.indexes.map(toSkipIndex)) {
    await analyse(client, expression, row).catch(refusedAs(`${file}: indexes.${name}`));
  }
  await tryOut(client, renderElements(merged, version)).catch(refusedAs(file));
  return canonical;
}

async function canonicalType(client: ClickHouseClient, type: string): Promise<string> {
  const [row] = await select<{ type: string }>(
    client,
    'SELECT toTypeName(defaultValueOfTypeName({type:String})) AS type',
    { type },
  );
  return row?.type ?? type;
}

/** The engine's own parser. The text is bound: nothing of it runs, and a second statement is a fault. */
async function parse(client: ClickHouseClient, command: string): Promise<void> {
  await select(client, 'SELECT formatQuerySingleLine({statement:String}) AS text', {
    statement: `ALTER TABLE t ${command}`,
  });
}

/** A subquery with one row that has the given columns. */
function sampleRow(columns: ReadonlyMap<string, string>): string {
  const values = [...columns].map(
    ([name, type]) => `defaultValueOfTypeName(${quoteLiteral(type)}) AS ${quoteIdentifier(name)}`,
  );
  return `(SELECT ${values.join(', ')})`;
}

async function analyse(client: ClickHouseClient, expression: string, row: string): Promise<void> {
  await execute(client, `DESCRIBE TABLE (SELECT ${expression} FROM ${row})`);
}

async function tryOut(client: ClickHouseClient, elements: readonly string[]): Promise<void> {
  try {
    await execute(
      client,
      `CREATE TEMPORARY TABLE hyperdx_tenancy_trial (${elements.join(', ')}) ENGINE = MergeTree ORDER BY tuple()`,
    );
  } catch (error) {
    if (rejection(error)?.code !== ACCESS_DENIED) throw error;
  }
}

/** What ClickHouse said, where it refused a statement. */
function rejection(error: unknown): ClickHouseError | undefined {
  const cause = error instanceof TenancyError ? error.cause : undefined;
  return cause instanceof ClickHouseError ? cause : undefined;
}

/** Turns a refusal into a fault of the file at `at`. */
function refusedAs(at: string): (error: unknown) => never {
  return (error) => {
    const said = rejection(error);
    if (!said) throw error;
    // What follows repeats our own statement around the operator's text.
    const [message = ''] = said.message.split(/:? in scope /i);
    throw new ConfigFileError(`${at}: ClickHouse refuses it: ${message.trim()}`, { cause: error });
  };
}
