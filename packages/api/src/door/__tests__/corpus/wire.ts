import { request } from 'node:http';
import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** A header as it stands in a request; one name may stand there twice. */
export type Header = readonly [name: string, value: string];

/** A request as it goes over the wire: nobody normalises it on its way. */
export interface RawRequest {
  method: string;
  /** The target of the request line, as it is. */
  path: string;
  headers: readonly Header[];
  body?: Buffer;
  /** Sends the body in chunks, without its length. */
  chunked?: boolean;
  /** What the body says, where its bytes do not show it. */
  meaning?: string;
  /** Bytes to be sent in place of all this, over a connection of their own. */
  bytes?: Buffer;
}

/** All that its sender sees of an answer. */
export interface Reply {
  status: number;
  headers: string;
  body: string;
}

/** For a whole answer. */
const TIMEOUT_MS = 20_000;

/** How long a server may go on answering a connection that nothing more is sent over. */
const QUIET_MS = 700;

/** Sends a request and reads the whole answer. @throws where the connection fails, or nothing is answered in time. */
export function send(url: string, raw: RawRequest): Promise<Reply> {
  return raw.bytes ? sendBytes(url, raw.bytes) : sendRequest(url, raw);
}

function sendRequest(url: string, { method, path, headers, body, chunked }: RawRequest) {
  const { hostname, port, host } = new URL(url);
  const own = new Set(headers.map(([name]) => name.toLowerCase()));
  const length = body && !chunked && !own.has('content-length') ? String(body.length) : undefined;
  const sent: string[][] = [
    ...(own.has('host') ? [] : [['Host', host]]),
    ...headers.map(([name, value]) => [name, value]),
    ...(length === undefined ? [] : [['Content-Length', length]]),
    ...(chunked ? [['Transfer-Encoding', 'chunked']] : []),
  ];
  return new Promise<Reply>((resolve, reject) => {
    const req = request(
      { hostname, port, method, path, headers: sent.flat(), agent: false },
      (res) => {
        const chunks: Buffer[] = [];
        res.on('data', (chunk: Buffer) => chunks.push(chunk));
        res.on('error', reject);
        res.on('end', () => {
          const all = Buffer.concat(chunks);
          const packed = res.headers['content-encoding'] === 'gzip';
          resolve({
            status: res.statusCode ?? 0,
            headers: res.rawHeaders.join('\n'),
            body: (packed ? gunzipSync(all) : all).toString('utf8'),
          });
        });
      },
    );
    const late = setTimeout(() => req.destroy(new Error('no whole answer in time')), TIMEOUT_MS);
    req.on('close', () => clearTimeout(late));
    req.on('error', reject);
    req.end(body);
  });
}

/** The status is the first answer's; all that comes is the body. */
function sendBytes(url: string, bytes: Buffer): Promise<Reply> {
  const { hostname, port } = new URL(url);
  return new Promise<Reply>((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    const chunks: Buffer[] = [];
    const answer = (): void => {
      socket.destroy();
      const body = Buffer.concat(chunks).toString('utf8');
      resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(body)?.[1] ?? 0), headers: '', body });
    };
    // The first answer may take its time; what follows comes at once.
    socket.setTimeout(TIMEOUT_MS, answer);
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      socket.setTimeout(QUIET_MS);
    });
    socket.on('error', () => undefined);
    socket.on('close', answer);
  });
}
