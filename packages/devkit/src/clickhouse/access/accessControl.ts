import { join } from 'node:path';
import { authenticate, authenticationFailed, type Credentials } from '../credentials';
import type { Connection, Engine } from '../engine';
import { notImplemented, ServerError } from '../errors';
import { canonicalText, prepare, textOf, type Query } from '../run';
import { literal } from '../settings';
import { parseStatement } from '../statement';
import { apply } from './apply';
import type { EngineSettings } from './constraints';
import { definerOf } from './definer';
import { readEngineSettings } from './engineSettings';
import { grantStatements } from './grantList';
import { judge } from './judge';
import { accessVerb, parseAccess } from './parse';
import { letsIn } from './passwords';
import { denied, noSuch, noSuchGrantee, readonlyQuery } from './refusals';
import type { AccessState } from './state';
import { AccessStore } from './store';
import { SystemTables } from './systemTables';
import { TokenReader } from './tokenReader';

export interface AccessOptions {
  engine: Engine;
  /** The server's own user, who may do everything. */
  administrator: Credentials;
  /** Holds the state beside the engine's data. */
  dataDir: string;
  /** Emptied with every start. */
  tempDir: string;
}

/** Who sends a query, once the password was right. */
export interface Caller {
  readonly user: string;
}

type Plain = Extract<Query['input'], { statement: { several: boolean } }>['statement'];

/**
 * Users, profiles, quotas and grants in front of an engine that has one user and no CREATE USER.
 *
 * The engine's own work: the syntax of every statement, the names of the tables, functions and parameters in it, the
 * filters on `system` tables, and every setting of a profile as a value. Work of this front, in the words and codes of a
 * server: who may log in, what a statement on users changes, which right a query needs and who holds it, `readonly` and the
 * constraints of settings, what `system.users` and its like show. Not there: quotas are kept and shown but count nothing;
 * `*_for_user` limits are kept and shown only, since the engine takes all users for one; `currentUser()` is the engine's;
 * views run as the engine's user whatever their definer, who must exist. What it does not know, it refuses (497, 48).
 *
 * So this makes a whole product run here as it runs on a server, password rotation included. That grants keep tenants apart
 * is proved elsewhere: by the engine's own access control with a users file, and on a real server.
 */
export class AccessControl {
  readonly #store: AccessStore;
  readonly #tables: SystemTables;
  #state: AccessState;
  /** The last of the statements that change something: they run one after another. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly options: AccessOptions,
    private readonly settings: EngineSettings,
  ) {
    const { user, password } = options.administrator;
    this.#store = new AccessStore(options.dataDir);
    this.#state = this.#store.load();
    this.#tables = new SystemTables(options.engine, join(options.tempDir, 'access'), {
      name: user,
      hasPassword: password !== '',
    });
  }

  /** @throws Error when what an earlier process kept cannot be read. */
  static async open(options: AccessOptions): Promise<AccessControl> {
    return new AccessControl(options, await readEngineSettings(options.engine));
  }

  /** @throws ServerError 516, which says the same for a wrong name, a wrong password and HOST NONE. */
  authenticate(given: Credentials): Caller {
    const { administrator } = this.options;
    if (given.user === administrator.user) authenticate(given, administrator);
    else if (!letsIn(this.#state.users.get(given.user), given.password)) {
      throw authenticationFailed(given.user);
    }
    return { user: given.user };
  }

  /**
   * Carries out a statement on users and rights, and then returns nothing; any other comes back in the form in which it
   * may run.
   * @throws ServerError for what the caller may not do, or what is not implemented here.
   */
  async admit(query: Query, caller: Caller): Promise<Query | undefined> {
    const { input } = query;
    const plain = 'file' in input ? undefined : input.statement;
    const text = plain && textOf(plain);
    const verb = plain?.kind === 'command' ? accessVerb(plain.text) : undefined;
    const isAdministrator = caller.user === this.options.administrator.user;
    if (verb !== undefined && text !== undefined) {
      if (!isAdministrator) throw denied(caller.user, `${verb} ON *.*`);
      await this.#carryOut(text, query);
      return undefined;
    }
    if (plain?.kind === 'command' && new TokenReader(plain.text).takes('SHOW GRANTS')) {
      return this.#showGrants(plain, query, caller);
    }
    if (isAdministrator) return plain ? this.#adapted(plain, query) : query;
    const user = this.#state.users.get(caller.user);
    // Dropped since it logged in.
    if (!user) throw authenticationFailed(caller.user);
    const { engine } = this.options;
    return judge(query, user, { engine, settings: this.settings, state: this.#state });
  }

  /** The engine's parser goes first: what it refuses is refused in its words. */
  async #canonical(text: string, query: Query): Promise<string> {
    return this.options.engine.connect(async (connection: Connection) => {
      await prepare(connection, query);
      return canonicalText(connection, text);
    });
  }

  async #carryOut(text: string, query: Query): Promise<void> {
    await this.#canonical(text, query);
    if (query.readonly || Number(query.parameters.settings.get('readonly') ?? 0) > 0) {
      throw readonlyQuery();
    }
    const command = parseAccess(text);
    if (command.kind === 'create profile' || command.kind === 'alter profile') {
      for (const element of command.elements) {
        if ('setting' in element) this.#requireSetting(element.setting);
      }
    }
    const change = this.#last.then(async () => {
      const next = apply(this.#state, command, this.options.administrator.user);
      if (next === this.#state) return;
      await this.#store.save(next);
      this.#state = next;
    });
    // Told to whoever asked for it; the next change does not suffer for it.
    this.#last = change.catch(() => undefined);
    await change;
  }

  #requireSetting(name: string): void {
    if (this.settings.valueOf(name) !== undefined) return;
    throw new ServerError(
      115,
      'UNKNOWN_SETTING',
      `Setting ${name} is neither a builtin setting nor started with the prefix 'SQL_' registered for user-defined settings`,
    );
  }

  /** What the administrator may run, in the form that the engine takes. */
  async #adapted(plain: Plain, query: Query): Promise<Query> {
    const text = textOf(plain);
    if (plain.kind === 'select') {
      if (!this.#tables.mayBeRead(text)) return query;
      const canonical = await this.#canonical(text, query);
      const pointed = await this.#tables.pointed(canonical, this.#state);
      return pointed === undefined ? query : withText(query, pointed);
    }
    if (!/\bDEFINER\b/i.test(text)) return query;
    const definer = definerOf(await this.#canonical(text, query));
    if (!definer) return query;
    const { user } = definer;
    if (user !== this.options.administrator.user && !this.#state.users.has(user)) {
      throw noSuch('user', user);
    }
    return withText(query, definer.replaced);
  }

  async #showGrants(plain: Plain, query: Query, caller: Caller): Promise<Query> {
    const text = textOf(plain);
    await this.#canonical(text, query);
    const reader = new TokenReader(text);
    reader.expect('SHOW GRANTS');
    const isFor = reader.takes('FOR');
    const name = isFor ? reader.name() : caller.user;
    const format = reader.takes('FORMAT') ? ` FORMAT ${reader.name()}` : '';
    reader.expectEnd();
    const administrator = this.options.administrator.user;
    if (![name, administrator].includes(caller.user)) {
      throw denied(caller.user, 'SHOW USERS, SHOW ROLES ON *.*');
    }
    const lines = this.#grantLines(name);
    const column = isFor ? `GRANTS FOR ${name}` : 'GRANTS';
    const list = `CAST([${lines.map(literal).join(', ')}], 'Array(String)')`;
    return withText(query, `SELECT arrayJoin(${list}) AS ${quoted(column)}${format}`);
  }

  #grantLines(name: string): string[] {
    const user = this.#state.users.get(name);
    if (user) return grantStatements(name, user.grants);
    if (name !== this.options.administrator.user) throw noSuchGrantee(name);
    return [`GRANT ALL ON *.* TO ${name} WITH GRANT OPTION`];
  }
}

const quoted = (name: string): string => `\`${name.replace(/[\\`]/g, '\\$&')}\``;

/** The same query with another text, known to be one statement. */
function withText(query: Query, text: string): Query {
  if ('file' in query.input) throw notImplemented('A statement of its own with data behind it');
  return {
    ...query,
    input: { statement: { ...parseStatement(Buffer.from(text)), several: false } },
  };
}
