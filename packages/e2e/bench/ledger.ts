import type { ClickHouseClient } from '@clickhouse/client';
import { getTenantTableName } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';

import { ID_ATTRIBUTE } from '../harness/signals';

/** What became of all records that were acknowledged. */
export interface Verdict {
  /** Acknowledged and not in their tenant's table. */
  missing: number;
  /** Rows beyond one for each record. */
  duplicates: number;
  /** Rows in a table of another tenant than the one that they were sent for. */
  foreign: number;
}

/** Ids read with one query. */
const PAGE = 250_000;

/** Keeps account of every record by its number: whose it is, and whether it was acknowledged. */
export class Ledger {
  /** By number: 0 for what was not acknowledged, else the tenant's place in the list, from 1. */
  private readonly owners: Uint8Array;
  private given = 0;

  /** @param capacity records at most; @param tenants whose they are, 255 at most. */
  constructor(
    capacity: number,
    private readonly tenants: readonly TenantId[],
  ) {
    this.owners = new Uint8Array(capacity);
  }

  /** Numbers for so many records that were never given before. @returns the first. */
  take(count: number): number {
    const first = this.given;
    if (first + count > this.owners.length) throw new RangeError('more records than expected');
    this.given += count;
    return first;
  }

  acknowledge(first: number, count: number, tenant: TenantId): void {
    this.owners.fill(this.tenants.indexOf(tenant) + 1, first, first + count);
  }

  /** Holds the tables against the account, record by record, from a number on: all of them, or the latest. */
  async check(client: ClickHouseClient, signal: AbortSignal, first = 0): Promise<Verdict> {
    const found = new Uint8Array(this.owners.length);
    const verdict: Verdict = { missing: 0, duplicates: 0, foreign: 0 };
    for (const [place, tenant] of this.tenants.entries()) {
      for (let from = first; from < this.given; from += PAGE) {
        for (const [id, rows] of await stored(client, tenant, from, signal)) {
          const owner = this.owners[id] ?? 0;
          if (owner > 0 && owner !== place + 1) {
            verdict.foreign += rows;
            continue;
          }
          verdict.duplicates += rows - 1;
          found[id] = 1;
        }
      }
    }
    for (let id = first; id < this.given; id += 1) {
      if (this.owners[id] !== 0 && found[id] === 0) verdict.missing += 1;
    }
    return verdict;
  }
}

/** Numbers of one page that a tenant's table holds, each with its number of rows. */
async function stored(
  client: ClickHouseClient,
  tenant: TenantId,
  from: number,
  signal: AbortSignal,
): Promise<[id: number, rows: number][]> {
  const answer = await client.query({
    // OrNull: the engine also evaluates it on an empty text, when it looks for what to read.
    query: `SELECT toUInt32OrNull(LogAttributes[{key:String}]) AS id, toUInt32(count()) AS n
            FROM {table:Identifier} WHERE id >= {from:UInt32} AND id < {to:UInt32} GROUP BY id`,
    query_params: {
      key: ID_ATTRIBUTE,
      table: getTenantTableName('otel_logs', tenant),
      from,
      to: from + PAGE,
    },
    format: 'JSONCompactEachRow',
    abort_signal: signal,
  });
  return answer.json<[number, number]>();
}
