import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { buildNative } from '../../build';
import { openMongo, type Mongo } from '..';

jest.setTimeout(300_000);

async function withClient<T>(uri: string, use: (client: MongoClient) => Promise<T>): Promise<T> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 2_000 });
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

describe('openMongo', () => {
  let mongo: Mongo;

  beforeAll(async () => {
    mongo = await openMongo();
  });

  afterAll(() => mongo.stop());

  it('says how it came by the server', () => {
    expect(['env', 'memory-server', 'ferretdb']).toContain(mongo.how);
  });

  it('serves the driver: insert, find, update, unique index', async () => {
    const seen = await withClient(mongo.uri, async (client) => {
      const tenants = client.db().collection<{ name: string; status?: string }>('tenants');
      await tenants.createIndex({ name: 1 }, { unique: true }, {});
      await tenants.insertOne({ name: 'a' });
      const twice = await tenants.insertOne({ name: 'a' }).catch((error: unknown) => error);
      await tenants.updateOne({ name: 'a' }, { $set: { status: 'active' } });
      return { twice, found: await tenants.findOne({ name: 'a' }) };
    });
    expect(seen.twice).toMatchObject({ code: 11000 });
    expect(seen.found).toMatchObject({ name: 'a', status: 'active' });
  });

  it('changes a document atomically: one winner of a lease, no increment lost', async () => {
    const seen = await withClient(mongo.uri, async (client) => {
      const leases = client
        .db()
        .collection<{ _id: string; holder: number | null; n: number }>('leases');
      await leases.insertOne({ _id: 'a', holder: null, n: 0 });
      const takers = Array.from({ length: 20 }, (_, holder) =>
        leases.findOneAndUpdate({ _id: 'a', holder: null }, { $set: { holder } }),
      );
      const winners = (await Promise.all(takers)).filter((taken) => taken !== null);
      await Promise.all(
        Array.from({ length: 50 }, () => leases.updateOne({ _id: 'a' }, { $inc: { n: 1 } })),
      );
      return { winners: winners.length, lease: await leases.findOne({ _id: 'a' }) };
    });
    expect(seen.winners).toBe(1);
    expect(seen.lease?.n).toBe(50);
  });

  it('opens another database each time', async () => {
    const other = await openMongo();
    try {
      expect(new URL(other.uri).pathname).not.toBe(new URL(mongo.uri).pathname);
    } finally {
      await other.stop();
    }
  });
});

describe('a server of our own', () => {
  const given = process.env['MONGO_URI'];
  let dataDir: string;

  beforeAll(async () => {
    delete process.env['MONGO_URI'];
    dataDir = await mkdtemp(join(tmpdir(), 'openMongo-'));
  });

  afterAll(async () => {
    if (given !== undefined) process.env['MONGO_URI'] = given;
    await rm(dataDir, { recursive: true, force: true });
  });

  it('keeps URI and data over a crash and a restart', async () => {
    const mongo = await openMongo({ dataDir, database: 'kept' });
    try {
      const { uri } = mongo;
      const before = mongo.pid;
      await withClient(uri, (c) => c.db().collection('t').insertOne({ n: 1 }));
      await mongo.kill();
      expect(mongo.pid).toBeUndefined();
      await expect(withClient(uri, (c) => c.db().command({ ping: 1 }))).rejects.toThrow();

      await mongo.restart();
      expect(mongo.uri).toBe(uri);
      expect(mongo.pid).not.toBe(before);
      expect(await withClient(uri, (c) => c.db().collection('t').countDocuments())).toBe(1);
    } finally {
      await mongo.stop();
    }
    expect(await readdir(dataDir)).not.toHaveLength(0);
  });

  it('is used by another open of the same folder', async () => {
    const mongo = await openMongo({ dataDir, database: 'kept' });
    try {
      expect(await withClient(mongo.uri, (c) => c.db().collection('t').countDocuments())).toBe(1);
    } finally {
      await mongo.stop();
    }
  });
});

describe('which server', () => {
  const before = { ...process.env };
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'openMongo-'));
  });

  afterEach(async () => {
    process.env = { ...before };
    await rm(folder, { recursive: true, force: true });
  });

  it('is the one that MONGO_URI names, in a database that stop drops', async () => {
    delete process.env['MONGO_URI'];
    const server = await openMongo();
    try {
      process.env['MONGO_URI'] = server.uri;
      const mongo = await openMongo();
      expect(mongo.how).toBe('env');
      const database = new URL(mongo.uri).pathname.slice(1);
      await withClient(mongo.uri, (c) => c.db().collection('t').insertOne({ n: 1 }));
      await expect(mongo.kill()).rejects.toThrow('not ours');
      await mongo.stop();
      const names = await withClient(server.uri, (c) => c.db().admin().listDatabases());
      expect(names.databases.map(({ name }) => name)).not.toContain(database);
    } finally {
      await server.stop();
    }
  });

  it('is an installed mongod, run on a port and folder of its own', async () => {
    delete process.env['MONGO_URI'];
    // A stand-in that takes mongod's command line and serves its protocol.
    const program = await buildNative('ferretdb');
    const stand = join(folder, 'mongod');
    await writeFile(stand, `#!/bin/sh\nexec '${program}' --listen "$2:$4" --dir "$6"\n`);
    await chmod(stand, 0o755);
    process.env['PATH'] = `${folder}:${process.env['PATH'] ?? ''}`;
    const mongo = await openMongo();
    try {
      expect(mongo.how).toBe('memory-server');
      expect(await withClient(mongo.uri, (c) => c.db().command({ ping: 1 }))).toMatchObject({
        ok: 1,
      });
    } finally {
      await mongo.stop();
    }
  });
});
