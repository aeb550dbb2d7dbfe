import { Agent, createServer, request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';

import { MongoClient, ObjectId } from 'mongodb';

import { serveProgram } from './program';

/** HyperDX's session cookie lasts 30 days, renewed with every answer. */
const MAX_AGE_MS = 30 * 24 * 60 * 60 * 1_000;

/**
 * The least that HyperDX's own `/clickhouse-proxy` has to do (2.36): a bare proxy that reads the session, its user and the
 * connection over the bare driver, and renews the session. It checks no signature and no password.
 */
serveProgram((port) => {
  const agent = new Agent({ keepAlive: true });
  const db = new MongoClient(process.env['BENCH_MONGO_URI'] ?? '').db();
  const sessions = db.collection<{ _id: string; session: string }>('sessions');

  async function knows({ headers }: IncomingMessage): Promise<boolean> {
    const id = /connect\.sid=s%3A([^.;]+)\./.exec(headers.cookie ?? '')?.[1] ?? '';
    const row = await sessions.findOne({ _id: id });
    const { passport } = JSON.parse(row?.session ?? '{}') as { passport?: { user: string } };
    const user = await db.collection('users').findOne({ _id: new ObjectId(passport?.user) });
    const connection = await db.collection('connections').findOne({
      _id: new ObjectId(headers['x-hyperdx-connection-id']?.toString()),
      team: user?.['team'] as ObjectId,
    });
    const expires = new Date(Date.now() + MAX_AGE_MS);
    await sessions.updateOne({ _id: id }, { $set: { expires } });
    return connection !== null;
  }

  async function serve(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    if (!(await knows(incoming))) {
      answer.writeHead(401).end();
      return;
    }
    const { method, url, headers } = incoming;
    const outgoing = request(
      { agent, host: '127.0.0.1', port, method, path: url, headers },
      (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        pipeline(response, answer, () => undefined);
      },
    );
    outgoing.on('error', () => answer.destroy());
    pipeline(incoming, outgoing, () => undefined);
  }

  return createServer((incoming, answer) => {
    serve(incoming, answer).catch(() => answer.destroy());
  });
});
