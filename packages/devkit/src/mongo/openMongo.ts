import { randomBytes } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { buildNative } from '../build';
import { mongodProgram } from './mongodProgram';
import { startServer, type ServerProgram } from './server';

export interface MongoOptions {
  /** Folder of the data, kept after `stop`. Without it a temporary one that `stop` removes. */
  dataDir?: string;
  /** Database that the URI names. @default a fresh name */
  database?: string;
  /** A server of our own even where `MONGO_URI` names one: for tests that end it. */
  own?: boolean;
  /** Told in lines what takes long: a download, a build. */
  log?: (line: string) => void;
}

export interface Mongo {
  /** Connection string, with the database. */
  readonly uri: string;
  /** `MONGO_URI`, the real mongod, or FerretDB where no mongod can be had. */
  readonly how: 'env' | 'memory-server' | 'ferretdb';
  /** Process id of the server, while one that was started here runs. */
  readonly pid: number | undefined;
  /** Ends the server; drops the database instead where the server is not ours and the name was made here. */
  stop(): Promise<void>;
  /** Ends the server as a crash would. @throws Error where the server is not ours. */
  kill(): Promise<void>;
  /** Starts it again with the same URI and the same data. @throws Error where the server is not ours. */
  restart(): Promise<void>;
}

function mongod(command: string): ServerProgram {
  return {
    name: 'mongod',
    command,
    args: (port, dataDir) => [
      '--bind_ip',
      '127.0.0.1',
      '--port',
      String(port),
      '--dbpath',
      dataDir,
    ],
  };
}

function ferretdb(command: string): ServerProgram {
  return {
    name: 'ferretdb',
    command,
    args: (port, dataDir) => ['--listen', `127.0.0.1:${port}`, '--dir', dataDir],
  };
}

/** What says where a user is looked up; mechanisms besides SCRAM have places of their own. */
const statesAuthSource = /(?:^|&)(?:authSource=|authMechanism=(?!SCRAM))/i;

/**
 * The URI with another database in it: hosts and options may hold several slashes' worth of anything but a slash. The database that
 * a URI names is also where its user is looked up (`admin` where it names none), unless `authSource` says so: that stays as it was.
 */
export function withDatabase(uri: string, database: string): string {
  const match = /^(mongodb(?:\+srv)?:\/\/([^/?]+))(?:\/([^?]*))?(?:\?(.*))?$/.exec(uri);
  if (!match) throw new Error('MONGO_URI is not a MongoDB connection string');
  const [, server = '', authority = '', named = '', query = ''] = match;
  const options = query === '' ? [] : [query];
  if (authority.includes('@') && !statesAuthSource.test(query)) {
    options.push(`authSource=${named === '' ? 'admin' : named}`);
  }
  return `${server}/${database}${options.length === 0 ? '' : `?${options.join('&')}`}`;
}

function existing(uri: string, drop: boolean): Mongo {
  const refuse = () => Promise.reject(new Error('the server that MONGO_URI names is not ours'));
  return {
    uri,
    how: 'env',
    pid: undefined,
    async stop() {
      if (!drop) return;
      const client = new MongoClient(uri, { serverSelectionTimeoutMS: 5_000 });
      try {
        await client.db().dropDatabase();
      } finally {
        await client.close();
      }
    },
    kill: refuse,
    restart: refuse,
  };
}

/** The server that can be had here; downloads or builds it where it is not at hand yet. */
async function mongoProgram(
  log: (line: string) => void,
): Promise<{ how: Mongo['how']; program: ServerProgram }> {
  const real = await mongodProgram(log);
  return real === undefined
    ? { how: 'ferretdb', program: ferretdb(await buildNative('ferretdb', { onProgress: log })) }
    : { how: 'memory-server', program: mongod(real) };
}

/** Does now what {@link openMongo} would do on first use, a download or a build; answers which server it will be. */
export async function prepareMongo(log: (line: string) => void): Promise<Mongo['how']> {
  if (process.env['MONGO_URI']) return 'env';
  return (await mongoProgram(log)).how;
}

/**
 * A MongoDB to test against: the server that `MONGO_URI` names, else the real mongod (installed, or downloaded where its site
 * answers), else FerretDB. Listens on 127.0.0.1 alone and does not outlive this process.
 */
export async function openMongo({
  dataDir,
  database,
  own = false,
  log = () => undefined,
}: MongoOptions = {}): Promise<Mongo> {
  const name = database ?? `hdxt_${randomBytes(6).toString('hex')}`;
  const given = own ? undefined : process.env['MONGO_URI'];
  if (given) return existing(withDatabase(given, name), database === undefined);

  const { how, program } = await mongoProgram(log);
  const server = await startServer(program, dataDir);
  return {
    uri: `${server.origin}/${name}`,
    how,
    get pid() {
      return server.pid();
    },
    stop: () => server.stop(),
    kill: () => server.kill(),
    restart: () => server.restart(),
  };
}
