import { createHash, randomBytes } from 'node:crypto';

import {
  pinnedNames,
  renderEmptyDatabase,
  renderReaderPins,
  renderViewsDefiner,
  viewsDefiner,
} from '@hyperdx-tenancy/domain/access';
import type { PasswordHash, RenderOptions, ServerSetting } from '@hyperdx-tenancy/domain/access';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { ClickHouseVersion, SiteTemplates } from '@hyperdx-tenancy/domain/tables';

import type { TargetConfig } from '../configFiles/targets';
import { ConfigFileError } from '../configFiles/yamlFile';
import { Gate } from '../utils/gate';
import type { Logger } from '../utils/logger';
import { getClickhouseClient } from './client';
import type { ClickHouseClient } from './client';
import { execute, select } from './run';
import { checkSiteTemplates } from './siteTemplates';

/** What statements depend on, as the server says it. */
export interface TargetFacts {
  version: ClickHouseVersion;
  /** `system.settings`; empty where the target has no users. */
  settings: readonly ServerSetting[];
  /** The site's own columns and indexes, judged by this server, with types as it prints them. */
  site: SiteTemplates;
}

/** A server is upgraded now and then; an upgrade shows after this time at the latest. */
const FACTS_MS = 5 * 60_000;

/**
 * Statements of ours that a server works on at once, whatever number of tenants is being made: those who read must hardly
 * notice, and DDL waits for the disk and for Keeper more than it works.
 */
const STATEMENTS_AT_ONCE = 2;

const VERSION = /^(\d+)\.(\d+)/;

function parseVersion(text = ''): ClickHouseVersion {
  const match = VERSION.exec(text);
  if (!match) throw new TenancyError('clickhouse_rejected', 'ClickHouse answered no version.');
  return { major: Number(match[1]), minor: Number(match[2]) };
}

/** A password that nobody knows, for a user that nobody is. */
function unknownPassword(): PasswordHash {
  const salt = randomBytes(16).toString('hex');
  return { hash: createHash('sha256').update(randomBytes(32)).digest('hex'), salt };
}

/** One ClickHouse, with the client that runs our statements on it, and what is known of it. */
export class Target {
  readonly admin: ClickHouseClient;
  private readonly gate = new Gate(STATEMENTS_AT_ONCE);
  private known: { at: number; facts: Promise<TargetFacts> } | undefined;
  private prepared: { version: string; done: Promise<void> } | undefined;

  constructor(
    readonly config: TargetConfig,
    /** The site's own columns and indexes, as the operator wrote them. */
    readonly site: SiteTemplates,
    private readonly log: Logger,
    private readonly now: () => Date,
  ) {
    this.admin = getClickhouseClient(config);
  }

  /**
   * Runs a statement as the administrator. Only idempotent ones may come here: it may run twice.
   * @param statement with `loggable`, where its text holds what no log may.
   * @throws TenancyError `clickhouse_unavailable`, `clickhouse_rejected`.
   */
  async run({ sql, loggable = sql }: { sql: string; loggable?: string }): Promise<void> {
    await this.gate.run(async () => {
      this.log.debug({ target: this.name, statement: loggable }, 'statement');
      await execute(this.admin, sql);
    });
  }

  /** Rows of a query as the administrator, its values bound as parameters. @throws as {@link run}. */
  async select<Row>(query: string, parameters: Record<string, unknown> = {}): Promise<Row[]> {
    return select<Row>(this.admin, query, parameters);
  }

  get name(): string {
    return this.config.name;
  }

  /** Whether ClickHouse users keep its tenants apart. */
  get hasUsers(): boolean {
    return this.config.access === 'grants';
  }

  get renderOptions(): RenderOptions {
    const { cluster } = this.config;
    return cluster === undefined ? {} : { cluster };
  }

  /** The user that views run as. */
  get definer(): string | undefined {
    return this.hasUsers ? viewsDefiner : undefined;
  }

  /** Asked for once in five minutes. @throws TenancyError `clickhouse_unavailable`, `clickhouse_rejected`. */
  async facts(): Promise<TargetFacts> {
    const now = this.now().getTime();
    if (!this.known || now - this.known.at >= FACTS_MS) {
      const known = { at: now, facts: this.readFacts() };
      this.known = known;
      known.facts.catch(() => {
        if (this.known === known) this.known = undefined;
      });
    }
    return this.known.facts;
  }

  /**
   * Makes what all tenants of the target share: the database that their statements run in; where there are users, also the
   * one of their views and the profile that their readers inherit. Once in the life of this process, again after a failure,
   * and when the server's release has changed.
   * @throws TenancyError as {@link facts}.
   */
  async prepare(): Promise<void> {
    const facts = await this.facts();
    const version = `${facts.version.major}.${facts.version.minor}`;
    if (this.prepared?.version !== version) {
      const prepared = { version, done: this.makeShared(facts) };
      this.prepared = prepared;
      prepared.done.catch(() => this.forget(prepared));
    }
    await this.prepared.done;
  }

  /** Asks the server again, and prepares it again: for when a statement met something else than was known. */
  forget(prepared = this.prepared): void {
    if (this.prepared !== prepared) return;
    this.prepared = undefined;
    this.known = undefined;
  }

  async close(): Promise<void> {
    await this.admin.close();
  }

  private async readFacts(): Promise<TargetFacts> {
    const [row] = await this.select<{ version: string }>('SELECT version() AS version');
    const settings = this.hasUsers
      ? await this.select<ServerSetting>('SELECT name, alias_for AS aliasFor FROM system.settings')
      : [];
    const version = parseVersion(row?.version);
    return { version, settings, site: await this.judge(version) };
  }

  private async judge(version: ClickHouseVersion): Promise<SiteTemplates> {
    try {
      return await checkSiteTemplates(this.admin, this.site, version);
    } catch (error) {
      if (!(error instanceof ConfigFileError)) throw error;
      throw new TenancyError('invalid_templates', `TENANCY_TEMPLATES_DIRECTORY: ${error.message}`, {
        cause: error,
      });
    }
  }

  private async makeShared({ settings }: TargetFacts): Promise<void> {
    const users = this.hasUsers
      ? [
          ...renderViewsDefiner(this.config.database, unknownPassword(), this.renderOptions),
          ...renderReaderPins(pinnedNames(settings), this.renderOptions),
        ]
      : [];
    const statements: { sql: string; loggable?: string }[] = [
      renderEmptyDatabase(this.renderOptions),
      ...users,
    ];
    for (const statement of statements) await this.run(statement);
  }
}
