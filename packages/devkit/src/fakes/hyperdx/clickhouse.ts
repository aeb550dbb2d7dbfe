import { createHash } from 'node:crypto';
import {
  ClickHouseLogLevel,
  createClient,
  type ClickHouseClient,
  type ClickHouseSettings,
} from '@clickhouse/client';
import type { Connection } from './collections';

/** HyperDX's limit for a query of its own. */
const REQUEST_TIMEOUT_MS = 32_000;

/** What HyperDX's client sends with every query (2.36, "Settings in the URL" of its own requests). */
const always: ClickHouseSettings = {
  allow_experimental_analyzer: 1,
  date_time_output_format: 'iso',
  wait_end_of_query: 0,
  cancel_http_readonly_queries_on_client_close: 1,
  output_format_json_quote_64bit_integers: 1,
};

/** And what it sends only to a server whose `system.settings` has the name. */
const whereKnown: Readonly<Record<string, string>> = {
  query_plan_optimize_lazy_materialization: '1',
  query_plan_max_limit_for_lazy_materialization: '100000',
  use_skip_indexes_for_top_k: '1',
  query_plan_max_limit_for_top_k_optimization: '100000',
  use_skip_indexes_on_data_read: '1',
  use_skip_indexes_for_disjunctions: '1',
  enable_full_text_index: '1',
};

/** A statement in HyperDX's form: every value, and every name of a database or table, is a parameter. */
export interface Statement {
  sql: string;
  values: Record<string, unknown>;
}

/** What goes into a statement's text: a parameter of this type, or SQL of a document as it is. */
type Slot = readonly [type: string, value: unknown] | { raw: string };

/** Puts values into a statement's text as HyperDX does: under names made of a hash of the value. */
export function statement(parts: TemplateStringsArray, ...slots: readonly Slot[]): Statement {
  const values: Record<string, unknown> = {};
  const sql = parts.reduce((text, part, index) => {
    const slot = slots[index - 1] ?? { raw: '' };
    if ('raw' in slot) return `${text}${slot.raw}${part}`;
    const [type, value] = slot;
    const hash = createHash('sha1').update(JSON.stringify(slot)).digest().readUInt32BE(0);
    const name = `HYPERDX_PARAM_${hash}`;
    values[name] = value;
    return `${text}{${name}:${type}}${part}`;
  });
  return { sql, values };
}

/** ClickHouse as HyperDX's API reaches it: the client it uses, and the host, user and password of a team's connection. */
export class TeamClickHouse {
  private readonly client: ClickHouseClient;
  private known: Promise<ClickHouseSettings> | undefined;

  constructor({ host, username, password }: Connection) {
    this.client = createClient({
      url: host,
      username,
      password,
      request_timeout: REQUEST_TIMEOUT_MS,
      // Parameters above 4,096 bytes travel as multipart/form-data.
      use_multipart_params_auto: true,
      // What a server refuses is in the answer.
      log: { level: ClickHouseLogLevel.OFF },
    });
  }

  /** Runs a query. @returns its rows. @throws ClickHouseError with what the server answered. */
  async rows(
    { sql, values }: Statement,
    settings: ClickHouseSettings = {},
  ): Promise<Record<string, unknown>[]> {
    this.known ??= this.readSettings();
    const answer = await this.client.query({
      query: sql,
      query_params: values,
      format: 'JSON',
      clickhouse_settings: { ...always, ...(await this.known), ...settings },
    });
    return (await answer.json<Record<string, unknown>>()).data;
  }

  async close(): Promise<void> {
    await this.client.close();
  }

  private async readSettings(): Promise<ClickHouseSettings> {
    const answer = await this.client.query({
      query: 'SELECT name, value FROM system.settings',
      format: 'JSON',
    });
    const names = new Set((await answer.json<{ name: string }>()).data.map(({ name }) => name));
    return Object.fromEntries(Object.entries(whereKnown).filter(([name]) => names.has(name)));
  }
}

/** Runs `work` with a connection and closes it. */
export async function withClickHouse<T>(
  connection: Connection,
  work: (clickhouse: TeamClickHouse) => Promise<T>,
): Promise<T> {
  const clickhouse = new TeamClickHouse(connection);
  try {
    return await work(clickhouse);
  } finally {
    await clickhouse.close();
  }
}
