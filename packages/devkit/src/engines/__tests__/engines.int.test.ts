import { createClient, type ClickHouseClient } from '@clickhouse/client';
import { MongoClient } from 'mongodb';
import { engineCapabilities, openClickHouse, openMongo, testEngine } from '..';
import type { TestClickHouse, TestMongo } from '..';
import { describeWith } from '../describeWith';

/** Runs `work` with these variables, and puts back what was there. */
async function withEnv<T>(env: Record<string, string>, work: () => Promise<T>): Promise<T> {
  const before = Object.keys(env).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, env);
  try {
    return await work();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  }
}

async function rows<T>(client: ClickHouseClient, query: string): Promise<T[]> {
  return (await client.query({ query, format: 'JSONEachRow' })).json<T>();
}

describe('the ClickHouse of this run', () => {
  let clickhouse: TestClickHouse;
  let client: ClickHouseClient;

  beforeAll(async () => {
    clickhouse = await openClickHouse();
    client = createClient(clickhouse.client());
  }, 300_000);
  afterAll(async () => {
    await client.close();
    await clickhouse.stop();
  }, 60_000);

  it('is the engine that was asked for, and answers as it says it does', async () => {
    expect(clickhouse.engine).toBe(testEngine());
    const [row] = await rows(client, 'SELECT version() AS v, currentDatabase() AS d');
    expect(row).toEqual({ v: clickhouse.version, d: clickhouse.database });
    const { host, port, url } = clickhouse;
    expect(new URL(url).host).toBe(`${host}:${port}`);
  });

  it('refuses another password', async () => {
    const answer = await fetch(clickhouse.url, {
      method: 'POST',
      headers: { 'X-ClickHouse-User': clickhouse.user, 'X-ClickHouse-Key': 'wrong' },
      body: 'SELECT 1',
    });
    expect([401, 403]).toContain(answer.status);
    expect(await answer.text()).toContain('516');
  });

  describeWith('ours', 'as a server of ours', () => {
    it('keeps its data and address when it is killed and started again', async () => {
      await client.command({ query: 'CREATE TABLE kept (x Int32) ENGINE = MergeTree ORDER BY x' });
      await client.command({ query: 'INSERT INTO kept VALUES (42)' });
      await clickhouse.kill();
      await expect(fetch(`${clickhouse.url}/ping`)).rejects.toThrow();
      await clickhouse.restart();
      expect(await rows(client, 'SELECT x FROM kept')).toEqual([{ x: 42 }]);
      await clickhouse.restart();
      expect(await rows(client, 'SELECT x FROM kept')).toEqual([{ x: 42 }]);
    }, 120_000);
  });
});

describe('the MongoDB of this run', () => {
  let mongo: TestMongo;
  let client: MongoClient;

  beforeAll(async () => {
    mongo = await openMongo();
    client = new MongoClient(mongo.uri, { serverSelectionTimeoutMS: 2_000 });
  }, 300_000);
  afterAll(async () => {
    await client.close();
    await mongo.stop();
  }, 60_000);

  it('has an empty database of its own', async () => {
    expect(await client.db().collections()).toEqual([]);
    await client.db().collection('things').insertOne({ name: 'a' });
    expect(await client.db().collection('things').countDocuments()).toBe(1);
  });

  describeWith('ours', 'as a server of ours', () => {
    it('keeps its data and address when it is killed and started again', async () => {
      await client.db().collection('kept').insertOne({ name: 'b' });
      await mongo.kill();
      await expect(
        new MongoClient(mongo.uri, { serverSelectionTimeoutMS: 500 }).connect(),
      ).rejects.toThrow();
      await mongo.restart();
      const again = new MongoClient(mongo.uri, { serverSelectionTimeoutMS: 10_000 });
      try {
        expect(await again.db().collection('kept').countDocuments({ name: 'b' })).toBe(1);
      } finally {
        await again.close();
      }
    }, 120_000);
  });
});

describe('servers that the environment names', () => {
  let server: TestClickHouse;
  beforeAll(async () => {
    server = await openClickHouse({ engine: 'embedded' });
  }, 120_000);
  afterAll(() => server.stop(), 60_000);

  it('give each test file a database of its own, and get it back', async () => {
    const { user: CLICKHOUSE_USER, password: CLICKHOUSE_PASSWORD } = server;
    const env = { CLICKHOUSE_HOST: `${server.url}/`, CLICKHOUSE_USER, CLICKHOUSE_PASSWORD };
    const [one, two] = await withEnv(env, () =>
      Promise.all([openClickHouse({ engine: 'env' }), openClickHouse({ engine: 'env' })]),
    );
    expect(one.url).toBe(server.url);
    expect(one.database).not.toBe(two.database);
    const admin = createClient(server.client());
    const own = createClient(one.client());
    try {
      await own.command({ query: 'CREATE TABLE t (x Int32) ENGINE = MergeTree ORDER BY x' });
      const databases = async (): Promise<string[]> =>
        (await rows<{ name: string }>(admin, 'SELECT name FROM system.databases')).map(
          ({ name }) => name,
        );
      expect(await databases()).toEqual(expect.arrayContaining([one.database, two.database]));
      await one.stop();
      await one.stop();
      expect(await databases()).not.toContain(one.database);
      expect(await databases()).toContain(two.database);

      for (const end of [two.kill, two.restart]) {
        await expect(end()).rejects.toThrow('CLICKHOUSE_HOST names is not ours');
      }
      await two.stop();
      expect(await databases()).not.toContain(two.database);
    } finally {
      await own.close();
      await admin.close();
    }
  });

  it.each(['', 'localhost:8123', 'tcp://localhost:9000'])(
    'must be named by a URL: CLICKHOUSE_HOST=%j',
    async (CLICKHOUSE_HOST) => {
      await withEnv({ CLICKHOUSE_HOST }, () =>
        expect(openClickHouse({ engine: 'env' })).rejects.toThrow(
          'TEST_ENGINES=env: CLICKHOUSE_HOST must be the URL of a ClickHouse server',
        ),
      );
    },
  );

  it('must be named: MONGO_URI', async () => {
    await withEnv({ MONGO_URI: '' }, () =>
      expect(openMongo({ engine: 'env' })).rejects.toThrow('MONGO_URI must name a MongoDB server'),
    );
  });
});

describe('capabilities', () => {
  it('are what the engine can do, found out where it cannot be known', () => {
    const { ours, userManagement, cluster } = engineCapabilities();
    expect(ours).toBe(testEngine() !== 'env');
    if (testEngine() === 'embedded') expect([userManagement, cluster]).toEqual([false, null]);
    else expect(typeof userManagement).toBe('boolean');
  }, 300_000);
});
