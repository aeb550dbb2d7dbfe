import { createServer, request } from 'node:http';
import type { Agent, IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Metrics } from '../../metrics';
import { createLogger } from '../../utils/logger';
import { createGateway } from '../index';
import type { GatewayOptions } from '../index';

/** What a test has opened; closed after it. */
const opened: (() => Promise<void>)[] = [];

/** Closes everything that a test has opened, the last first. */
export async function closeAll(): Promise<void> {
  for (const close of opened.splice(0).reverse()) await close();
}

/** Has something closed after the test. */
export function closeLater(close: () => Promise<void>): void {
  opened.push(close);
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closeLater(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  });
  return (server.address() as AddressInfo).port;
}

/** A request as a server got it, with its whole body. */
export interface Arrived {
  method: string;
  url: string;
  rawHeaders: string[];
  headers: IncomingMessage['headers'];
  body: Buffer;
}

export async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Stands for HyperDX's API. */
export interface TestUpstream {
  url: string;
  port: number;
  server: Server;
  /** Every request that came, once its body was read. */
  arrived: Arrived[];
}

/** @param answer without it, requests are read, noted, and answered with 200 and `{}`. */
export async function startUpstream(answer?: RequestListener): Promise<TestUpstream> {
  const arrived: Arrived[] = [];
  async function note(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { method = '', url = '', rawHeaders, headers } = req;
    arrived.push({ method, url, rawHeaders, headers, body: await readAll(req) });
    res.setHeader('content-type', 'application/json').end('{}');
  }
  const server = createServer({ maxHeaderSize: 131_072, keepAliveTimeout: 61_000 }, (req, res) => {
    if (answer) answer(req, res);
    // One that breaks off has not arrived.
    else note(req, res).catch(() => res.destroy());
  });
  const port = await listen(server);
  return { url: `http://127.0.0.1:${port}`, port, server, arrived };
}

export interface TestGateway {
  url: string;
  port: number;
  metrics: Metrics;
  /** Lines that were logged. */
  lines: Record<string, unknown>[];
}

/** The gateway as the API has it: in front of our own routes, which answer with their name. */
export async function startGateway(options: Partial<GatewayOptions> = {}): Promise<TestGateway> {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger('info', {
    write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  });
  const metrics = new Metrics();
  const gateway = createGateway({
    hyperdxApiUrl: undefined,
    forwardUnknown: false,
    frontendUrl: 'https://ui.example',
    trustProxy: false,
    metrics,
    log,
    ...options,
  });
  const ours: RequestListener = (req, res) => {
    res.setHeader('content-type', 'application/json').end(JSON.stringify({ ours: req.url }));
  };
  const server = createServer({ maxHeaderSize: 131_072 }, gateway.listener(ours));
  server.on('upgrade', (req, socket, head) => gateway.upgrade(req, socket, head));
  closeLater(() => gateway.close());
  const port = await listen(server);
  return { url: `http://127.0.0.1:${port}`, port, metrics, lines };
}

export interface SendOptions {
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: Buffer | string;
  agent?: Agent;
}

/** Sends the head of a request, its path as it is, and its body; gives the answer as soon as its head is there. */
export function open(
  base: string,
  path: string,
  options: SendOptions = {},
): Promise<IncomingMessage> {
  const { method = 'GET', headers = {}, body, agent } = options;
  const { hostname, port } = new URL(base);
  return new Promise((resolve, reject) => {
    const outgoing = request({
      hostname,
      port,
      path,
      method,
      headers,
      agent: agent ?? false,
      maxHeaderSize: 131_072,
    });
    outgoing.once('response', resolve).on('error', reject);
    outgoing.end(body);
  });
}

export interface Answer {
  status: number;
  rawHeaders: string[];
  headers: IncomingMessage['headers'];
  body: Buffer;
  json: Record<string, unknown>;
}

/** Sends a request and reads its whole answer. */
export async function send(base: string, path: string, options: SendOptions = {}): Promise<Answer> {
  const answer = await open(base, path, options);
  const body = await readAll(answer);
  const isJson = answer.headers['content-type']?.includes('json') === true;
  return {
    status: answer.statusCode ?? 0,
    rawHeaders: answer.rawHeaders,
    headers: answer.headers,
    body,
    json: isJson && body.length > 0 ? (JSON.parse(body.toString()) as Record<string, unknown>) : {},
  };
}
