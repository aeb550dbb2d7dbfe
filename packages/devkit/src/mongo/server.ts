import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { freePort, spawnManaged, waitFor, type ManagedProcess } from '../process';

/** How the program is told where to listen and where its files are. */
export interface ServerProgram {
  readonly name: string;
  readonly command: string;
  args(port: number, dataDir: string): string[];
}

export interface MongoServer {
  /** Without a database. */
  readonly origin: string;
  pid(): number | undefined;
  /** Ends the server, politely; removes the data folder if it was made here. */
  stop(): Promise<void>;
  /** Ends the server as a crash would; the data stays. */
  kill(): Promise<void>;
  /** Starts the server again, on the same port and the same data, ending it politely first if it still runs. */
  restart(): Promise<void>;
}

/** Until the server answers a ping: milliseconds. A mongod that recovers from a crash takes longest. */
const startMs = 60_000;

async function answers(origin: string): Promise<boolean> {
  const client = new MongoClient(origin, { serverSelectionTimeoutMS: 1_000 });
  try {
    await client.db('admin').command({ ping: 1 });
    return true;
  } finally {
    await client.close();
  }
}

/**
 * Starts a MongoDB server on a port of its own of 127.0.0.1 and waits until it answers.
 *
 * @param dataDir made when absent; without it a temporary folder that `stop` removes.
 */
export async function startServer(program: ServerProgram, dataDir?: string): Promise<MongoServer> {
  const folder = dataDir ?? (await mkdtemp(join(tmpdir(), 'hyperdx-tenancy-mongo-')));
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const origin = `mongodb://127.0.0.1:${port}`;
  let running: ManagedProcess | undefined;

  const start = async (): Promise<void> => {
    const { name, command } = program;
    running = await spawnManaged({ name, command, args: program.args(port, folder) });
    await waitFor(() => answers(origin), {
      timeoutMs: startMs,
      what: `${name} to answer on ${origin}`,
      process: running,
    });
  };
  const removeFolder = async (): Promise<void> => {
    if (dataDir === undefined) await rm(folder, { recursive: true, force: true });
  };

  try {
    await start();
  } catch (error) {
    await running?.kill();
    await removeFolder();
    throw error;
  }
  return {
    origin,
    pid: () => (running?.hasExited() === false ? running.pid : undefined),
    async stop() {
      await running?.stop();
      await removeFolder();
    },
    async kill() {
      await running?.kill();
    },
    async restart() {
      await running?.stop();
      await start();
    },
  };
}
