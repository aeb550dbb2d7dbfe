import mongoose from 'mongoose';

import { startEngines, startTestServer, testConfig } from '../fixtures';
import type { Engines } from '../fixtures';

let engines: Engines;

beforeAll(async () => {
  engines = await startEngines();
}, 120_000);

afterAll(async () => {
  await engines.stop();
}, 60_000);

it('makes no tenant before the unique indexes are built, and says what is missing', async () => {
  // Two teams of an older install that share a key.
  const config = testConfig(engines);
  const connection = await mongoose.createConnection(config.mongoUri).asPromise();
  const teams = connection.collection('teams');
  await teams.insertMany([
    { name: 'one', apiKey: 'the-same-key' },
    { name: 'two', apiKey: 'the-same-key' },
  ]);
  const server = await startTestServer(config, false);
  try {
    let missing: unknown;
    for (let i = 0; i < 100 && String(missing) !== 'indexes,collectorConfigs'; i += 1) {
      missing = (await server.request('GET', '/ready')).json['missing'];
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(missing).toEqual(['indexes', 'collectorConfigs']);
    const refused = await server.request('POST', '/tenancy/v1/tenants', {
      body: { name: 'Early' },
    });
    expect([refused.status, refused.json['code']]).toEqual([503, 'mongo_unavailable']);

    // The operator mends it; the service goes on by itself.
    await teams.updateOne({ name: 'two' }, { $set: { apiKey: 'another-key' } });
    let made = refused;
    for (let i = 0; i < 200 && made.status === 503; i += 1) {
      made = await server.request('POST', '/tenancy/v1/tenants', { body: { name: 'Early' } });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(made.status).toBe(201);
  } finally {
    await connection.close();
    await server.stop();
  }
}, 60_000);
