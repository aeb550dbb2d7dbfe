import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { readerName, viewsDefiner } from '@hyperdx-tenancy/domain/access';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import { startClickHouse } from '@hyperdx-tenancy/devkit/clickhouse';
import type { ClickHouseServer } from '@hyperdx-tenancy/devkit/clickhouse';
import { openMongo } from '@hyperdx-tenancy/devkit/engines';
import type { TestMongo } from '@hyperdx-tenancy/devkit/engines';

import { Browser, makeUser, PASSWORD } from '../../../__tests__/browser';
import { operator } from '../../../clickhouse/__tests__/isolation/engine';
import { openLure } from '../../../clickhouse/__tests__/isolation/lure';
import type { Lure } from '../../../clickhouse/__tests__/isolation/lure';
import * as isolation from '../../../clickhouse/__tests__/isolation/tenants';
import { serverConfig, usersFile } from '../../../clickhouse/__tests__/isolation/usersFile';
import { startTestServer, testConfig } from '../../../fixtures';
import type { TestServer } from '../../../fixtures';
import { createLogger } from '../../../utils/logger';
import Connection from '../../../models/connection';
import Team from '../../../models/team';
import { Operator } from './operator';
import { Tap } from './tap';
import { marks } from './marks';
import type { Entrance, Said } from './entrances';
import { entrancesOf } from './entrances';
import { send } from './wire';
import type { Reply } from './wire';

/** A tenant, as its programs and its user come in. */
export interface Party {
  id: TenantId;
  teamId: string;
  /** Of the managed connection. */
  connectionId: string;
  /** At the door. */
  username: string;
  password: string;
  /** Of its user's session in HyperDX's UI. */
  cookie: string;
  /** What nobody else may ever see. */
  secrets: readonly string[];
}

/** The whole service on engines of its own in guard mode, with two tenants: Acme, who attacks, and Globex, who is attacked. */
export class Site {
  /** Each line of the service's log, at the level that tells most. */
  readonly logged: string[] = [];
  /** A tenant that never was. */
  readonly nobody = parseTenantId(randomBytes(12).toString('hex'));
  readonly stops: (() => Promise<void> | void)[] = [];

  dir!: string;
  clickhouse!: ClickHouseServer;
  mongo!: TestMongo;
  tap!: Tap;
  lure!: Lure;
  server!: TestServer;
  acme!: Party;
  globex!: Party;
  /** Past the service: ClickHouse's administrator. */
  operator!: Operator;

  async start(): Promise<void> {
    this.dir = await mkdtemp(join(tmpdir(), 'hdx-corpus-'));
    this.stops.unshift(() => rm(this.dir, { recursive: true, force: true }));
    await writeFile(this.fileToRead, `${marks.file}\n`);
    this.lure = await openLure();
    this.stops.unshift(() => this.lure.close());
    [this.clickhouse, this.mongo] = await Promise.all([this.openEngine(), openMongo()]);
    this.stops.unshift(() => this.mongo.stop());
    this.tap = await Tap.open(this.clickhouse.url);
    this.stops.unshift(() => this.tap.close());
    this.operator = new Operator(this);
    await this.openService();
    this.acme = await this.makeParty('Acme', {});
    this.globex = await this.makeParty(marks.team, {
      reader: { maxResultRows: Number(marks.limit) },
    });
    await this.plant();
    // The engine reads its users when it starts, and only now is known whose there are.
    await this.writeUsers(this.globex.id);
    await this.clickhouse.restart();
  }

  async stop(): Promise<void> {
    for (const stop of this.stops) await stop();
  }

  get entrances(): readonly [door: Entrance, ui: Entrance] {
    const { server } = this;
    return entrancesOf({ door: server.doorUrl, ui: server.url }, this);
  }

  /** One request by one entrance. */
  ask(name: Entrance['name'], said: Said, as: Party = this.acme): Promise<Reply> {
    const [door, ui] = this.entrances;
    const at = name === 'door' ? door : ui;
    return send(at.url, at.request(said, as));
  }

  /** A file of the operator's. */
  get fileToRead(): string {
    return join(this.dir, 'operators-file.txt');
  }

  /** A text that speaks of the tenants of the isolation tests, about this site's. */
  told(text: string): string {
    return text
      .replaceAll(isolation.a, this.acme.id)
      .replaceAll(isolation.b, this.globex.id)
      .replaceAll(isolation.nobody, this.nobody);
  }

  /** What of Globex's, or of the operator's, is in a text, except what `asked` says itself. */
  leaks(text: string, asked = ''): string[] {
    const back = (said: string) => said.replaceAll(this.globex.id, isolation.b);
    const own = [...Object.values(marks), ...this.globex.secrets, this.clickhouse.password];
    return [
      ...isolation.canariesIn(back(text), back(asked)),
      ...own.filter((mark) => text.includes(mark) && !asked.includes(mark)),
    ];
  }

  private async openEngine(): Promise<ClickHouseServer> {
    await this.writeUsers(isolation.b);
    const config = join(this.dir, 'config.xml');
    await writeFile(config, serverConfig(join(this.dir, 'users.xml')));
    const engine = await startClickHouse({
      password: randomBytes(12).toString('hex'),
      database: isolation.database,
      usersConfig: config,
    });
    this.stops.unshift(() => engine.stop());
    return engine;
  }

  private writeUsers(other: TenantId): Promise<void> {
    const { database } = isolation;
    const others = [
      { name: viewsDefiner, grants: [`GRANT SELECT, INSERT ON ${database}.*`] },
      { name: readerName(other), grants: [`GRANT SELECT ON ${database}.otel_logs_${other}`] },
    ];
    return writeFile(join(this.dir, 'users.xml'), usersFile(operator, others));
  }

  private async openService(): Promise<void> {
    const { user, password, database } = this.clickhouse;
    const reached = {
      clickhouse: { url: this.tap.url, user, password, database },
      mongo: this.mongo,
    };
    const config = testConfig(reached, { TENANCY_ACCESS_MODE: 'guard' });
    const log = createLogger('trace', { write: (line) => void this.logged.push(line) });
    this.server = await startTestServer(config, true, log);
    this.stops.unshift(() => this.server.stop());
  }

  private async makeParty(name: string, settings: object): Promise<Party> {
    const { json, text } = await this.server.request('POST', '/tenancy/v1/tenants', {
      body: { name, settings },
    });
    if (json['status'] !== 'active') throw new Error(text);
    const id = parseTenantId(json['id']);
    const team = await Team.findOne({ tenant: id }).lean();
    if (!team) throw new Error(`${name} has no team`);
    const connection = await Connection.findOne({ team: team._id, platformProvisioned: true })
      .select('+password')
      .lean();
    if (!connection) throw new Error(`${name} has no connection`);
    const teamId = team._id.toHexString();
    const user = await makeUser(teamId);
    const browser = await Browser.login(this.server.url, user.email, PASSWORD);
    const { username, password } = connection;
    return {
      id,
      teamId,
      connectionId: connection._id.toHexString(),
      username,
      password,
      cookie: await browser.cookies.getCookieString(this.server.url),
      secrets: [password, user.accessKey, user.email, team.apiKey],
    };
  }

  /** How many statements were run on ClickHouse for tenants; what was only parsed does not count. */
  get statementsRun(): number {
    return this.tap.passed.filter(
      ({ headers, body }) =>
        headers['user-agent'] === 'hyperdx-tenancy' && !body.includes('EXPLAIN AST ('),
    ).length;
  }

  private async plant(): Promise<void> {
    const statements = [
      ...isolation.planted,
      'CREATE TABLE other.operators (s String) ENGINE = MergeTree ORDER BY s',
      `INSERT INTO other.operators VALUES ('${marks.row}')`,
      `CREATE NAMED COLLECTION operators AS url = '${marks.collection}'`,
    ];
    for (const sql of statements) {
      const { ok, body } = await this.operator.ask(sql);
      if (!ok) throw new Error(`${sql}\n${body}`);
    }
  }
}
