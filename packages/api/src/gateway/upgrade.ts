import { request as requestHttp, STATUS_CODES } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream';

import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import { hasBody } from './body';
import { answerHeaders } from './headers';
import type { UpstreamLimits } from './upstream';

/** A request to upgrade, as HyperDX is to get it. */
export interface OutgoingUpgrade {
  url: URL;
  /** Path and query, below the URL's own. */
  path: string;
  /** Names and values in turn. */
  headers: readonly string[];
}

/**
 * Only the opening of a WebSocket is handed on. A server that does not upgrade reads what follows as a request: whatever has
 * a body, or asks for another protocol (HTTP/2 in plain), could reach routes that were never judged.
 * @throws TenancyError `invalid_request`.
 */
export function checkUpgrade(req: IncomingMessage): void {
  if (req.method === 'GET' && req.headers.upgrade?.toLowerCase() === 'websocket' && !hasBody(req)) {
    return;
  }
  throw new TenancyError('invalid_request', 'Upgrade: only a GET for a WebSocket is taken.');
}

/** The head of an answer on a connection that no `ServerResponse` belongs to. */
export function writeHead(socket: Duplex, status: number, headers: readonly string[]): void {
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    lines.push(`${headers[i] ?? ''}: ${headers[i + 1] ?? ''}`);
  }
  socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** Refuses an upgrade, and closes its connection. */
export function refuseUpgrade(socket: Duplex, error: TenancyError): void {
  const body = JSON.stringify({ message: error.message, code: error.code });
  writeHead(socket, error.status, [
    'Content-Type',
    'application/json; charset=utf-8',
    'Content-Length',
    String(Buffer.byteLength(body)),
    'Connection',
    'close',
  ]);
  socket.end(body);
}

/** Two connections become one: an end that breaks breaks the other, one that closes lets the other finish. */
function join(a: Duplex, b: Duplex): void {
  const cut = (error: NodeJS.ErrnoException | null): void => {
    if (!error) return;
    a.destroy();
    b.destroy();
  };
  pipeline(a, b, cut);
  pipeline(b, a, cut);
}

function open({ url, path, headers }: OutgoingUpgrade): ClientRequest {
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  const all = ['Host', url.host, ...headers, 'Connection', 'Upgrade', 'Upgrade', 'websocket'];
  // A connection of its own: afterwards it is no HTTP connection any more.
  return send(new URL(url.origin), {
    method: 'GET',
    path: url.pathname.replace(/\/+$/, '') + path,
    headers: all,
    agent: false,
  });
}

/**
 * Asks HyperDX to upgrade; if it does, hands every byte on in both directions, else its answer.
 * @param head what the client sent behind its request: nothing of it goes out before HyperDX has agreed.
 * @returns the answer's status, once it is known.
 * @throws TenancyError `hyperdx_unavailable`, `hyperdx_timeout`: nothing has been answered.
 */
export function forwardUpgrade(
  outgoing: OutgoingUpgrade,
  socket: Duplex,
  head: Buffer,
  limits: Pick<UpstreamLimits, 'headersMs' | 'idleStreamMs'>,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const upstream = open(outgoing);
    const left = (): void => void upstream.destroy();
    const slow = setTimeout(() => {
      reject(new TenancyError('hyperdx_timeout', 'HyperDX did not answer in time.'));
      upstream.destroy();
    }, limits.headersMs);
    const answered = (status: number): void => {
      clearTimeout(slow);
      socket.off('close', left);
      resolve(status);
    };
    socket.once('close', left);
    upstream.once('error', (cause) => {
      clearTimeout(slow);
      reject(new TenancyError('hyperdx_unavailable', 'HyperDX cannot be reached.', { cause }));
    });
    upstream.once('upgrade', (answer, upstreamSocket, upstreamHead) => {
      answered(101);
      const headers = answerHeaders(answer.rawHeaders);
      writeHead(socket, 101, [...headers, 'Connection', 'Upgrade', 'Upgrade', 'websocket']);
      upstreamSocket.setTimeout(limits.idleStreamMs, () => upstreamSocket.destroy());
      socket.write(upstreamHead);
      upstreamSocket.write(head);
      join(socket, upstreamSocket);
    });
    upstream.once('response', (answer) => {
      const status = answer.statusCode ?? 502;
      answered(status);
      writeHead(socket, status, [...answerHeaders(answer.rawHeaders), 'Connection', 'close']);
      answer.setTimeout(limits.headersMs, () => answer.destroy());
      pipeline(answer, socket, () => socket.destroy());
    });
    upstream.end();
  });
}
