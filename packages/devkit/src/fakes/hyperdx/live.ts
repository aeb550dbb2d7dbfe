import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Exchange } from './exchange';

const EVENTS = 3;
const BETWEEN_EVENTS_MS = 200;

/** Server-sent events, one at a time with a pause between them, as HyperDX's assistant streams its words. */
export async function sendEvents({ response, body }: Exchange): Promise<void> {
  response.writeHead(200, {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-cache',
  });
  for (let index = 0; index < EVENTS; index += 1) {
    if (index > 0) await sleep(BETWEEN_EVENTS_MS);
    // Nobody reads any more.
    if (response.destroyed) return;
    response.write(`id: ${index}\ndata: ${body.toString('base64')}\n\n`);
  }
  response.end();
}

/** RFC 6455, 1.3. */
const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** Nobody sends a stand-in more. */
const MAX_FRAME_BYTES = 1_048_576;

/** The first whole frame of a client, unmasked: RFC 6455, 5.2. */
function takeFrame(bytes: Buffer): { first: number; payload: Buffer; size: number } | undefined {
  const short = (bytes[1] ?? 0) & 0x7f;
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  const start = 2 + extended + 4;
  if (bytes.length < start) return undefined;
  const length =
    extended === 2
      ? bytes.readUInt16BE(2)
      : extended === 8
        ? Number(bytes.readBigUInt64BE(2))
        : short;
  if (length > MAX_FRAME_BYTES) throw new RangeError('the frame is too large');
  if (bytes.length < start + length) return undefined;
  const mask = bytes.subarray(start - 4, start);
  const payload = Buffer.from(bytes.subarray(start, start + length));
  for (const [at, byte] of payload.entries()) payload[at] = byte ^ (mask[at % 4] ?? 0);
  return { first: bytes[0] ?? 0, payload, size: start + length };
}

/** The same frame as a server sends it: unmasked. */
function frameOf(first: number, payload: Buffer): Buffer {
  const { length } = payload;
  if (length < 126) return Buffer.concat([Buffer.from([first, length]), payload]);
  const head = Buffer.alloc(length < 65_536 ? 4 : 10);
  head[0] = first;
  head[1] = length < 65_536 ? 126 : 127;
  if (length < 65_536) head.writeUInt16BE(length, 2);
  else head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

const CLOSE = 0x8;

/** Takes an upgrade to WebSocket and sends every frame back; a close frame is answered and ends it. */
export function echoSocket(request: IncomingMessage, socket: Duplex, head: Buffer): void {
  socket.on('error', () => socket.destroy());
  const key = request.headers['sec-websocket-key'];
  if (request.headers.upgrade?.toLowerCase() !== 'websocket' || key === undefined) {
    socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    return;
  }
  const accept = createHash('sha1').update(`${key}${WEBSOCKET_GUID}`).digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  let pending = Buffer.alloc(0);
  const take = (chunk: Buffer): void => {
    pending = Buffer.concat([pending, chunk]);
    try {
      for (let frame = takeFrame(pending); frame; frame = takeFrame(pending)) {
        pending = pending.subarray(frame.size);
        socket.write(frameOf(frame.first, frame.payload));
        if ((frame.first & 0x0f) === CLOSE) socket.end();
      }
    } catch {
      socket.destroy();
    }
  };
  take(head);
  socket.on('data', take);
}
