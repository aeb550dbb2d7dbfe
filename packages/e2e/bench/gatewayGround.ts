import { randomBytes, randomUUID } from 'node:crypto';

import { startClickHouse } from '@hyperdx-tenancy/devkit/clickhouse';
import type { ClickHouseServer } from '@hyperdx-tenancy/devkit/clickhouse';
import { insertUser } from '@hyperdx-tenancy/devkit/fakes';
import { openMongo } from '@hyperdx-tenancy/devkit/mongo';
import type { Mongo } from '@hyperdx-tenancy/devkit/mongo';
import { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';
import { getTenantTableName, parseTenantId } from '@hyperdx-tenancy/domain/ids';
import { MongoClient, ObjectId } from 'mongodb';

import { Api } from '../harness/api';
import { withGround } from './ground';
import { startProgram } from './program';
import type { BenchOptions } from './shape';

/** Everything that requests of the bench go to and through. */
export interface GatewayGround {
  clickhouse: ClickHouseServer;
  mongo: Mongo;
  api: Api;
  apiPid: number;
  /** The server that everything ends at, and a plain proxy in front of it. */
  upstream: { url: string; pid: number };
  bare: { url: string; pid: number };
  /** One that looks up who is signed in, as HyperDX's own proxy has to. */
  signedInProxy: { url: string; pid: number };
  /** The tenant's table of logs. */
  table: string;
  /** Headers of somebody of that tenant: signed in, with the managed connection. */
  signedIn: Record<string, string>;
  /** Headers with the managed connection's user and password, as HyperDX's API sends them. */
  door: Record<string, string>;
  /** The same for ClickHouse itself, as its administrator. */
  direct: Record<string, string>;
}

/** Far above what the bench sends: its limits are not what is measured. */
const SETTINGS = {
  reader: { maxConcurrentQueries: 1_000, maxResultBytes: 8 * 1024 ** 3 },
  quota: { reader: [{ seconds: 60, queries: 100_000_000 }] },
};

const PASSWORD = 'Bench-password-1';

const basic = (user: string, password: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});

async function makeTenant(api: Api): Promise<TenantView> {
  const { status, body } = await api.call('POST', '/tenants', {
    name: `bench ${randomUUID()}`,
    settings: SETTINGS,
  });
  if (status !== 201) throw new Error(`POST /tenants: ${status} ${JSON.stringify(body)}`);
  return TenantView.parse(body);
}

/** Signs somebody of a team in. @returns the session's cookie. */
async function signIn(api: Api, mongo: MongoClient, team: ObjectId): Promise<string> {
  const email = `${randomUUID()}@example.com`;
  await insertUser(mongo.db(), team, { email, password: PASSWORD });
  const answer = await fetch(`${api.url}/login/password`, {
    method: 'POST',
    body: new URLSearchParams({ email, password: PASSWORD }),
    redirect: 'manual',
    signal: AbortSignal.timeout(30_000),
  });
  const cookie = answer.headers.get('set-cookie')?.split(';')[0];
  if (answer.status !== 303 || !cookie || answer.headers.get('location')?.includes('err=')) {
    throw new Error(`cannot sign in: ${answer.status}`);
  }
  return cookie;
}

/** Who asks, in each of the three ways. */
async function callers(
  api: Api,
  mongoUri: string,
): Promise<Pick<GatewayGround, 'table' | 'signedIn' | 'door'>> {
  const mongo = await new MongoClient(mongoUri, { serverSelectionTimeoutMS: 5_000 }).connect();
  try {
    const tenant = await makeTenant(api);
    const team = new ObjectId(tenant.teams[0]?.id);
    const connection = await mongo.db().collection('connections').findOne({ team });
    if (!connection) throw new Error('the tenant has no connection');
    return {
      table: getTenantTableName('otel_logs', parseTenantId(tenant.id)),
      signedIn: {
        cookie: await signIn(api, mongo, team),
        'x-hyperdx-connection-id': String(connection._id),
      },
      door: basic(String(connection['username']), String(connection['password'])),
    };
  } finally {
    await mongo.close();
  }
}

/** Starts all of it, and ends it in reverse order after `work`. @param env of the API. */
export function withGatewayGround<T>(
  options: BenchOptions,
  env: Record<string, string>,
  work: (ground: GatewayGround) => Promise<T>,
): Promise<T> {
  const { progress, signal } = options;
  return withGround(options, async (started) => {
    progress('starting ClickHouse (embedded), MongoDB, the upstream, the bare proxy and the API');
    const clickhouse = started(await startClickHouse({ password: 'clickhouse' }));
    const mongo = started(await openMongo({ log: progress }));
    const upstream = started(await startProgram('cannedUpstream', clickhouse.port));
    const bare = started(await startProgram('bareProxy', upstream.port));
    const signedInProxy = started(
      await startProgram('signedInProxy', upstream.port, { BENCH_MONGO_URI: mongo.uri }),
    );
    const urlOf = ({ port }: { port: number }): string => `http://127.0.0.1:${port}`;
    const api = started(
      await Api.start({
        mongoUri: mongo.uri,
        clickhouse: { ...clickhouse, url: urlOf(upstream) },
        collectorEndpoint: clickhouse.url,
        env: {
          EXPRESS_SESSION_SECRET: randomBytes(24).toString('hex'),
          HYPERDX_API_URL: urlOf(upstream),
          // As in production: a line for each request would be a part of what is measured, written to a pipe.
          HYPERDX_LOG_LEVEL: 'info',
          ...env,
        },
        signal,
      }),
    );
    const { pid: apiPid } = api;
    if (apiPid === undefined) throw new Error('the API does not run');
    return await work({
      clickhouse,
      mongo,
      api,
      apiPid,
      upstream: { url: urlOf(upstream), pid: upstream.pid },
      bare: { url: urlOf(bare), pid: bare.pid },
      signedInProxy: { url: urlOf(signedInProxy), pid: signedInProxy.pid },
      ...(await callers(api, mongo.uri)),
      direct: basic(clickhouse.user, clickhouse.password),
    });
  });
}
