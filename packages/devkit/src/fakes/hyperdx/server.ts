import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MongoClient } from 'mongodb';
import { userOf, type Accounts } from './accounts';
import { checkAlerts, type AlertCheck } from './alerts';
import { collectionsOf } from './collections';
import { receivedOf, type Received } from './echo';
import { readBody, Refusal, sendJson, sendText, textOf, type Exchange } from './exchange';
import { echoSocket } from './live';
import { handlerOf } from './routes';
import { Sessions } from './sessions';

export interface HyperdxOptions {
  /** The database that HyperDX's two servers share. */
  mongoUri: string;
  /** `EXPRESS_SESSION_SECRET` of both. */
  sessionSecret: string;
  /** @default 'http://localhost:8080' */
  frontendUrl?: string;
  /** Whether the session cookie names the frontend's host, as it does unless NODE_ENV is `test`. @default true */
  cookieNamesDomain?: boolean;
  /** @default a free one */
  port?: number;
}

/** A server that stands in for HyperDX's API. */
export interface Hyperdx {
  readonly url: string;
  readonly port: number;
  /** What arrived, the latest last; the last thousand requests. */
  readonly received: readonly Received[];
  /** Runs HyperDX's check-alerts task once. */
  checkAlerts(): Promise<AlertCheck[]>;
  stop(): Promise<void>;
}

/** HyperDX's own: `--max-http-header-size`, and sockets that outlive those of a load balancer's 60 s. */
const MAX_HEADER_BYTES = 131_072;
const KEEP_ALIVE_MS = 61_000;
const HEADERS_TIMEOUT_MS = 62_000;

const REMEMBERED = 1_000;

async function serve(
  accounts: Accounts,
  remember: (received: Received) => void,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { collections, sessions, frontendUrl } = accounts;
  // On every answer, whoever asks.
  response.setHeader('Access-Control-Allow-Origin', frontendUrl);
  response.setHeader('Access-Control-Allow-Credentials', 'true');
  const exchange: Exchange = {
    request,
    response,
    url: new URL(textOf(request.url), 'http://hyperdx'),
    body: Buffer.alloc(0),
    session: await sessions.open(request.headers.cookie),
    user: undefined,
  };
  try {
    exchange.body = await readBody(request);
    exchange.user = await userOf(collections, exchange);
    remember(receivedOf(exchange));
    const handler = handlerOf(exchange);
    if (!handler) throw new Refusal(404, 'Not Found', false);
    // Rolling: a session that is in the store is renewed with every answer.
    if (exchange.session.stored) await sessions.touch(exchange.session, exchange);
    await handler(exchange, accounts);
  } catch (error) {
    if (!(error instanceof Refusal) || response.headersSent) throw error;
    if (error.json) sendJson(exchange, { message: error.message }, error.status);
    else sendText(exchange, error.status, error.message);
  }
}

function answerFault(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const message = error instanceof Error ? error.message : String(error);
  response.writeHead(500, { 'Content-Type': 'application/json' }).end(JSON.stringify({ message }));
}

function createHyperdx(accounts: Accounts, remember: (received: Received) => void): Server {
  const server = createServer(
    { maxHeaderSize: MAX_HEADER_BYTES, keepAliveTimeout: KEEP_ALIVE_MS },
    (request, response) => {
      response.on('error', () => undefined);
      serve(accounts, remember, request, response).catch((error: unknown) =>
        answerFault(response, error),
      );
    },
  );
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.on('upgrade', echoSocket);
  return server;
}

/**
 * Starts a stand-in for HyperDX's API 2.36 in this process, on 127.0.0.1. It shares a MongoDB with the server in front of it as
 * HyperDX does: sessions, users, teams, connections, sources, alerts. Signing in, charts, alerts, MCP and Prometheus do what
 * HyperDX's do, ClickHouse being asked with HyperDX's own client; all other routes of HyperDX answer with what arrived.
 */
export async function startHyperdx(options: HyperdxOptions): Promise<Hyperdx> {
  const { frontendUrl = 'http://localhost:8080', cookieNamesDomain = true } = options;
  const client = await new MongoClient(options.mongoUri, {
    serverSelectionTimeoutMS: 5_000,
    socketTimeoutMS: 30_000,
  }).connect();
  const db = client.db();
  const collections = collectionsOf(db);
  const sessions = new Sessions(db, {
    secret: options.sessionSecret,
    frontendUrl,
    namesDomain: cookieNamesDomain,
  });
  const received: Received[] = [];
  const server = createHyperdx({ collections, sessions, frontendUrl }, (one) => {
    received.push(one);
    if (received.length > REMEMBERED) received.shift();
  });
  const sockets = new Set<{ destroy(): unknown }>();
  // Upgraded ones are no longer the server's to close.
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port ?? 0, '127.0.0.1', resolve);
    });
  } catch (error) {
    await client.close();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    received,
    checkAlerts: () => checkAlerts(collections),
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
      await client.close();
    },
  };
}
