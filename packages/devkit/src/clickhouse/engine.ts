import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Session, type ChdbResult } from 'chdb';
import { asServerError, tooMany } from './errors';
import { Semaphore } from './semaphore';
import { literal } from './settings';

export interface EngineOptions {
  dataDir: string;
  /** A ClickHouse server configuration (XML) for the embedded engine: users, profiles, storage. */
  configFile?: string | undefined;
  maxConcurrentQueries: number;
}

/** One connection to the engine, with settings, parameters and a current database of its own. */
export interface Connection {
  /** Runs one text and answers what it prints, in `format` unless the text names another. */
  query(sql: string, format?: string): Promise<ChdbResult>;
}

/** Requests that may wait for a free connection; more are refused, as a server refuses past its limit. */
const waitingLimit = 1_000;

/** A text is stopped after this many seconds unless it sets its own limit: nobody may be there to stop it. */
const defaultMaxExecutionSeconds = 600;

/**
 * The embedded engine gives `default` a file system behind it, so that `SELECT * FROM default.\`/etc/passwd\`` reads that
 * file. A server's `default` is a plain Atomic database, so this makes it one, keeping its tables.
 */
function plainDefaultDatabase(session: Session, dataDir: string): void {
  const tables = join(dataDir, 'metadata', 'default');
  const isEmpty = !existsSync(tables) || !readdirSync(tables).some((name) => name.endsWith('.sql'));
  if (isEmpty) {
    // The engine cannot attach it when empty: it registers its UUID with the first table.
    session.query('DROP DATABASE default SYNC; CREATE DATABASE default ENGINE = Atomic');
    return;
  }
  const metadata = join(dataDir, 'metadata', 'default.sql');
  const uuid = existsSync(metadata)
    ? /UUID '([0-9a-f-]{36})'/.exec(readFileSync(metadata, 'utf8'))?.[1]
    : undefined;
  // Without it, something else than this front has filled the directory: its database stays as it is.
  if (!uuid) return;
  session.query(
    `DETACH DATABASE default; ATTACH DATABASE default UUID ${literal(uuid)} ENGINE = Atomic`,
  );
}

/**
 * ClickHouse's engine over one data directory, of which a process can hold one.
 *
 * A query gets a connection of its own (0.3 ms), because a connection runs one query at a time and keeps the settings, the
 * parameters and the database it was given; with one each, queries run side by side and nothing leaks from one to the next.
 */
export class Engine {
  readonly #root: Session;
  readonly #places: Semaphore;

  private constructor(
    private readonly options: EngineOptions,
    private readonly args: readonly string[],
  ) {
    this.#root = new Session(options.dataDir, { connectionArgs: args });
    this.#places = new Semaphore(options.maxConcurrentQueries, waitingLimit, () =>
      tooMany(`Too many simultaneous queries. Maximum: ${options.maxConcurrentQueries}`),
    );
  }

  /** @throws Error when the directory cannot be opened, or another process holds it. */
  static open(options: EngineOptions): Engine {
    const { configFile } = options;
    const args = configFile === undefined ? [] : [`--config-file=${configFile}`];
    args.push(`--max_execution_time=${defaultMaxExecutionSeconds}`);
    const engine = new Engine(options, args);
    // With users of its own the configuration may refuse DDL, and then also guards the file system.
    if (configFile === undefined) plainDefaultDatabase(engine.#root, options.dataDir);
    return engine;
  }

  /** Gives `work` a fresh connection as soon as there is a place for it. */
  async connect<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    return this.#places.run(async () => {
      const session = this.#open();
      try {
        return await work({
          query: async (sql, format = 'TabSeparated') => {
            try {
              return await session.queryAsync(sql, { format });
            } catch (error) {
              throw asServerError(error);
            }
          },
        });
      } finally {
        session.close();
      }
    });
  }

  /** Stops the running query whose text holds `mark`. Best effort: where KILL QUERY is not granted, its time limit stops it. */
  async cancel(mark: string): Promise<void> {
    const session = this.#open();
    try {
      const pattern = literal(`%${mark}%`);
      await session.queryAsync(
        `KILL QUERY WHERE query LIKE ${pattern} AND query NOT LIKE 'KILL%' FORMAT Null`,
      );
    } catch {
      // Nobody waits for the answer to an abandoned query.
    } finally {
      session.close();
    }
  }

  close(): void {
    this.#root.close();
  }

  #open(): Session {
    return new Session(this.options.dataDir, { connectionArgs: this.args });
  }
}
