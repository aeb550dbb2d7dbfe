import { randomBytes } from 'node:crypto';

import { startHyperdx } from '@hyperdx-tenancy/devkit/fakes';
import type { Hyperdx } from '@hyperdx-tenancy/devkit/fakes';
import { freePort } from '@hyperdx-tenancy/devkit/process';
import { MongoClient } from 'mongodb';
import type { Db } from 'mongodb';

import { startBackend } from './stack';
import type { Backend, BackendOptions } from './stack';

/** The API with HyperDX's own (a stand-in for it) behind it, both on one database. */
export interface Install extends Backend {
  hyperdx: Hyperdx;
  /** The database that both share, for a look at what is really there. */
  db: Db;
  /** Where browsers find the UI. */
  frontendUrl: string;
}

export const FRONTEND_URL = 'http://hdx.example:8080';

/**
 * Starts both as in production: the session cookie names the frontend's host.
 * @param options more variables of the API, among others.
 */
export async function startInstall(options: BackendOptions = {}): Promise<Install> {
  const port = await freePort();
  const sessionSecret = randomBytes(24).toString('hex');
  const frontendUrl = options.env?.['FRONTEND_URL'] ?? FRONTEND_URL;
  const backend = await startBackend({
    ...options,
    env: {
      NODE_ENV: 'production',
      TENANCY_ALLOW_GUARD_MODE: 'true',
      EXPRESS_SESSION_SECRET: sessionSecret,
      FRONTEND_URL: frontendUrl,
      HYPERDX_API_URL: `http://127.0.0.1:${port}`,
      // The UI's own server is in front of us, on this machine, and says what browsers came by.
      TENANCY_TRUST_PROXY: 'loopback',
      ...options.env,
    },
  });
  const stops: (() => Promise<unknown>)[] = [() => backend.stop()];
  const stop = async (): Promise<void> => {
    for (const end of stops) await end();
  };
  try {
    const hyperdx = await startHyperdx({
      mongoUri: backend.mongo.uri,
      sessionSecret,
      frontendUrl,
      port,
    });
    stops.unshift(() => hyperdx.stop());
    const client = await new MongoClient(backend.mongo.uri).connect();
    stops.unshift(() => client.close());
    return { ...backend, hyperdx, db: client.db(), frontendUrl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
