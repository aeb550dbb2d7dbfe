import { randomBytes } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { openMongo as openHere, type Mongo } from '../mongo';
import type { OpenOptions } from './clickhouse';
import { startContainer } from './container';
import { imageOf } from './images';
import { testEngine } from './testEngine';

/** A MongoDB for a test file, whichever engine it is. */
export interface TestMongo extends Omit<Mongo, 'how'> {
  readonly how: Mongo['how'] | 'container';
}

/**
 * Opens the MongoDB that tests run on, with a database of the test file's own. `MONGO_URI` alone names the server that
 * `embedded` uses too.
 * @throws Error naming what is missing: a variable, an image, a server that answers.
 */
export async function openMongo({
  own = false,
  engine = testEngine(),
}: OpenOptions = {}): Promise<TestMongo> {
  if (engine === 'containers') return openContainer();
  if (engine === 'env' && !own && !process.env['MONGO_URI']) {
    throw new Error('TEST_ENGINES=env: MONGO_URI must name a MongoDB server, mongodb://host:27017');
  }
  return openHere({ own });
}

async function answers(host: string, port: number): Promise<boolean> {
  const client = new MongoClient(`mongodb://${host}:${port}`, { serverSelectionTimeoutMS: 1_000 });
  try {
    await client.db('admin').command({ ping: 1 });
    return true;
  } finally {
    await client.close();
  }
}

async function openContainer(): Promise<TestMongo> {
  const container = await startContainer({
    name: 'MongoDB',
    image: imageOf('mongo'),
    port: 27017,
    serves: answers,
  });
  const database = `hdxt_${randomBytes(6).toString('hex')}`;
  return {
    uri: `mongodb://${container.host}:${container.port}/${database}`,
    how: 'container',
    pid: undefined,
    kill: () => container.kill(),
    stop: () => container.stop(),
    restart: () => container.restart(),
  };
}
