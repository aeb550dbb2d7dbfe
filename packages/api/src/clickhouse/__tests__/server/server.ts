import { createHash, randomBytes } from 'node:crypto';

import { openClickHouse } from '@hyperdx-tenancy/devkit/engines';
import type { TestClickHouse } from '@hyperdx-tenancy/devkit/engines';
import {
  accessFor,
  pinnedNames,
  renderAccess,
  renderDropAccess,
  renderReaderPins,
  renderViewsDefiner,
  viewsDefiner,
} from '@hyperdx-tenancy/domain/access';
import type {
  AccessOptions,
  AccessStatement,
  PasswordHash,
  ReaderMode,
  RenderOptions,
  ServerSetting,
  TenantAccess,
} from '@hyperdx-tenancy/domain/access';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { Engine } from '@hyperdx-tenancy/domain/tables';
import { defaultRetention, planDrop, renderTenantTables } from '@hyperdx-tenancy/domain/tables';

/** What ClickHouse answered: its text, and its error code, 0 where there is none. */
export interface Answer {
  code: number;
  text: string;
}

/** ClickHouse's error codes. */
export const codes = {
  readonly: 164,
  passwordRequired: 194,
  addressNotAllowed: 195,
  quotaExceeded: 201,
  prohibited: 392,
  constraint: 452,
  accessDenied: 497,
  authenticationFailed: 516,
} as const;

/** A user logged in: runs one statement, with settings as the HTTP interface takes them. */
export type Login = (sql: string, settings?: Record<string, string | number>) => Promise<Answer>;

/** Both ways of keeping a reader from settings. */
export const modes: ReaderMode[] = ['readonly', 'pins'];

/** A tenant with tables and users of its own. */
export interface TestTenant {
  id: TenantId;
  access: TenantAccess;
  passwords: { reader: string; writer: string };
  reader: Login;
  writer: Login;
  /** `<database>.<base>_<id>` */
  table(base: string): string;
}

export interface TenantOptions extends Pick<AccessOptions, 'readerMode' | 'quota'> {
  cluster?: string;
  engine?: Engine;
}

const requestMs = 60_000;

export const newPassword = (): string => randomBytes(16).toString('hex');

/** As the domain's statements want a password: SHA-256 of it with its salt. */
export function hashOf(password: string): PasswordHash {
  const salt = randomBytes(16).toString('hex');
  return { salt, hash: createHash('sha256').update(`${password}${salt}`).digest('hex') };
}

/** The ClickHouse server of the run, with the tenants that a suite makes on it. */
export class ServerUnderTest {
  /** Of the user that views run as: even who knows it cannot log in. */
  readonly definerPassword = newPassword();
  private readonly tenants: { tenant: TestTenant; options: RenderOptions }[] = [];

  private constructor(
    readonly clickhouse: TestClickHouse,
    readonly settings: readonly ServerSetting[],
  ) {}

  /** Opens it and makes what a target has once: the definer of views, and the profile of pins. */
  static async start(): Promise<ServerUnderTest> {
    const clickhouse = await openClickHouse();
    const listed = new ServerUnderTest(clickhouse, []);
    const settings = await listed.rows<{ name: string; aliasFor: string }>(
      'SELECT name, alias_for AS aliasFor FROM system.settings',
    );
    const server = new ServerUnderTest(clickhouse, settings);
    await server.run(server.shared());
    return server;
  }

  get database(): string {
    return this.clickhouse.database;
  }

  /** The statements on what all tenants share. */
  shared(options: RenderOptions = {}): AccessStatement[] {
    return [
      ...renderViewsDefiner(this.database, hashOf(this.definerPassword), options),
      ...renderReaderPins(pinnedNames(this.settings), options),
    ];
  }

  login(user: string, password: string): Login {
    return (sql, settings = {}) => ask(this.clickhouse.url, user, password, sql, settings);
  }

  /** An administrator's statement. @throws Error with ClickHouse's text where it is refused. */
  async admin(sql: string, settings: Record<string, string | number> = {}): Promise<string> {
    const { user, password } = this.clickhouse;
    const answer = await this.login(user, password)(sql, settings);
    if (answer.code !== 0) throw new Error(`${answer.text}\n--- of ---\n${sql}`);
    return answer.text;
  }

  async rows<Row>(sql: string): Promise<Row[]> {
    const text = await this.admin(`${sql} FORMAT JSONEachRow`);
    return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as Row);
  }

  async run(statements: readonly { sql: string }[]): Promise<void> {
    for (const { sql } of statements) await this.admin(sql);
  }

  /** Makes a tenant: its tables, views and users. */
  async tenant({
    cluster,
    engine = 'MergeTree',
    ...rest
  }: TenantOptions = {}): Promise<TestTenant> {
    const id = parseTenantId(randomBytes(12).toString('hex'));
    const options: RenderOptions = cluster === undefined ? {} : { cluster };
    const { database, settings: serverSettings } = this;
    const [major = 0, minor = 0] = this.clickhouse.version.split('.').map(Number);
    const access = accessFor({ tenantId: id, database, serverSettings, ...rest });
    const passwords = { reader: newPassword(), writer: newPassword() };
    const tenant: TestTenant = {
      id,
      access,
      passwords,
      reader: this.login(access.reader.user, passwords.reader),
      writer: this.login(access.writer.user, passwords.writer),
      table: (base) => `${database}.${base}_${id}`,
    };
    this.tenants.push({ tenant, options });
    await this.run(
      renderTenantTables({
        tenantId: id,
        database,
        clickhouseVersion: { major, minor },
        engine,
        partitioning: 'day',
        retention: defaultRetention,
        definer: viewsDefiner,
        ...options,
      }),
    );
    const hashes = { reader: hashOf(passwords.reader), writer: hashOf(passwords.writer) };
    await this.run(renderAccess(access, hashes, options));
    return tenant;
  }

  /** A tenant for each way of keeping a reader from settings, with ten logs. */
  async tenantPerMode(): Promise<Record<ReaderMode, TestTenant>> {
    const made = async (readerMode: ReaderMode): Promise<TestTenant> => {
      const tenant = await this.tenant({ readerMode });
      await insertLogs(tenant.writer, tenant.table('otel_logs'), 10);
      return tenant;
    };
    return { readonly: await made('readonly'), pins: await made('pins') };
  }

  /** Everything that it says of a tenant's users, and of the one that views run as. */
  async everythingOf({ access }: TestTenant): Promise<string[]> {
    const { reader, writer } = access;
    const show = [reader, writer].flatMap(({ user, quota, profile }) => [
      `SHOW CREATE USER ${user}`,
      `SHOW GRANTS FOR ${user}`,
      `SHOW CREATE QUOTA ${quota}`,
      `SHOW CREATE SETTINGS PROFILE ${profile}`,
    ]);
    show.push(`SHOW CREATE USER ${viewsDefiner}`, `SHOW GRANTS FOR ${viewsDefiner}`);
    return Promise.all(show.map((sql) => this.admin(sql)));
  }

  /** Removes every tenant, and ends the server where it is ours. */
  async close(): Promise<void> {
    for (const { tenant, options } of this.tenants) {
      await this.run(renderDropAccess(tenant.access, options));
      await this.run(planDrop({ tenantId: tenant.id, database: this.database, ...options }));
    }
    await this.clickhouse.stop();
  }
}

/** The error code that a statement ends with, 0 where it succeeds. */
export const codeOf = async (login: Login, sql: string): Promise<number> => (await login(sql)).code;

/** Counts a tenant's logs. */
export const countLogs = ({ table }: TestTenant): string =>
  `SELECT count() FROM ${table('otel_logs')}`;

async function ask(
  url: string,
  user: string,
  password: string,
  sql: string,
  settings: Record<string, string | number>,
): Promise<Answer> {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(settings)) parameters.set(name, String(value));
  const response = await fetch(`${url}/?${parameters.toString()}`, {
    method: 'POST',
    headers: { 'X-ClickHouse-User': user, 'X-ClickHouse-Key': password },
    body: sql,
    signal: AbortSignal.timeout(requestMs),
  });
  const text = (await response.text()).trim();
  // An error after the first row comes with status 200, its text behind the rows.
  const code = Number(/(?:^|\n)Code: (\d+)\. DB::Exception/.exec(text)?.[1] ?? 0);
  return { text, code: code === 0 && !response.ok ? -response.status : code };
}

/** Logs, one a second, of a service. */
export async function insertLogs(
  insert: Login,
  table: string,
  rows: number,
  service = 'api',
): Promise<Answer> {
  return insert(
    `INSERT INTO ${table} (Timestamp, ServiceName, SeverityText, Body) FORMAT JSONEachRow\n` +
      Array.from({ length: rows }, (_, i) =>
        JSON.stringify({
          Timestamp: `2099-01-02 03:04:${String(i % 60).padStart(2, '0')}.000000001`,
          ServiceName: service,
          SeverityText: 'info',
          Body: `line ${i}`,
        }),
      ).join('\n'),
  );
}
