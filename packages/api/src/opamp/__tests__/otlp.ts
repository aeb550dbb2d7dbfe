import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { varint } from './varint';

/** Milliseconds after which a request of these tests fails. */
const TIMEOUT = 10_000;

const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });

/** One resource of a logs request with a record for each text; `replay` makes them session replay events. */
export const logsOf = (texts: readonly string[], { replay = false } = {}) => ({
  resource: { attributes: [attribute('service.name', 'sender')] },
  scopeLogs: [
    {
      logRecords: texts.map((stringValue) => ({
        body: { stringValue },
        attributes: replay ? [attribute('rr-web.event', '1')] : [],
      })),
    },
  ],
});

export const logs = (...resourceLogs: ReturnType<typeof logsOf>[]) => ({ resourceLogs });

export const span = (name: string) => ({
  resourceSpans: [
    {
      scopeSpans: [
        {
          spans: [
            {
              traceId: '0af7651916cd43dd8448eb211c80319c',
              spanId: 'b7ad6b7169203331',
              name,
              kind: 1,
              startTimeUnixNano: '1700000000000000000',
              endTimeUnixNano: '1700000001000000000',
            },
          ],
        },
      ],
    },
  ],
});

export const gauge = (name: string) => ({
  resourceMetrics: [
    {
      scopeMetrics: [
        {
          metrics: [
            { name, gauge: { dataPoints: [{ asDouble: 1, timeUnixNano: '1700000000000000000' }] } },
          ],
        },
      ],
    },
  ],
});

/**
 * Sends OTLP as JSON over HTTP/1.1, with these headers as they are, twice of one name included: no library that
 * would put them in order stands between.
 * @returns the status.
 */
export function postOtlp(
  port: number,
  signal: 'logs' | 'traces' | 'metrics',
  headers: readonly (readonly [name: string, value: string])[],
  body: object,
): Promise<number> {
  const payload = JSON.stringify(body);
  const head = [
    `POST /v1/${signal} HTTP/1.1`,
    'host: collector',
    'connection: close',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(payload)}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  return new Promise((resolve, reject) => {
    const socket = open(port, reject);
    let answer = '';
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
      const status = /^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1];
      if (status === undefined) return;
      socket.destroy();
      resolve(Number(status));
    });
    socket.write(`${head.join('\r\n')}\r\n\r\n${payload}`);
  });
}

/** A connection that fails when nothing is heard, or when it ends without an answer. */
function open(port: number, fail: (error: Error) => void): Socket {
  const socket = connect({ host: '127.0.0.1', port });
  socket.setTimeout(TIMEOUT, () => socket.destroy(new Error('the collector did not answer')));
  socket.on('error', fail);
  socket.on('close', () => fail(new Error('the collector hung up')));
  return socket;
}

/** One log record, as the protobuf of a logs request. */
function logsMessage(body: string): Buffer {
  // resource_logs = 1, scope_logs = 2, log_records = 2, body = 5, string_value = 1: all of wire type 2.
  return [1, 5, 2, 2, 1].reduce(
    (inner, field) => Buffer.concat([Buffer.from([(field << 3) | 2]), varint(inner.length), inner]),
    Buffer.from(body),
  );
}

/** A message as gRPC frames it: not compressed, with its length. */
function grpcMessage(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

const LOGS_EXPORT = '/opentelemetry.proto.collector.logs.v1.LogsService/Export';

/**
 * Sends one log record over gRPC.
 * @returns gRPC's status: 0 accepted, 16 Unauthenticated.
 */
export function exportLogs(port: number, key: string, body: string): Promise<number> {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  return new Promise<number>((resolve, reject) => {
    session.on('error', reject);
    session.setTimeout(TIMEOUT, () => session.destroy(new Error('gRPC was not answered')));
    const stream = session.request({
      ':method': 'POST',
      ':path': LOGS_EXPORT,
      'content-type': 'application/grpc',
      te: 'trailers',
      authorization: key,
    });
    const done = (headers: Record<string, unknown>) => {
      if (headers['grpc-status'] !== undefined) resolve(Number(headers['grpc-status']));
    };
    stream.on('response', done).on('trailers', done).on('error', reject);
    stream.resume();
    stream.end(grpcMessage(logsMessage(body)));
  }).finally(() => session.close());
}

/**
 * Sends one log record over gRPC with an `authorization` for each key, which no HTTP/2 library lets through, and
 * waits for the end of the answer without reading it (its headers are compressed): see where the record lands.
 */
export function exportLogsWithKeys(port: number, keys: readonly string[], body: string) {
  const headers: [string, string][] = [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', LOGS_EXPORT],
    [':authority', `127.0.0.1:${port}`],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
    ...keys.map((key): [string, string] => ['authorization', key]),
  ];
  return new Promise<void>((resolve, reject) => {
    const socket = open(port, reject);
    onEndOfStream(socket, () => {
      socket.destroy();
      resolve();
    });
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    socket.write(frame(SETTINGS, 0, 0, Buffer.alloc(0)));
    const fields = headers.flatMap(([name, value]) => [
      Buffer.from([0]),
      hpack(name),
      hpack(value),
    ]);
    socket.write(frame(HEADERS, END_HEADERS, 1, Buffer.concat(fields)));
    socket.write(frame(DATA, END_STREAM, 1, grpcMessage(logsMessage(body))));
  });
}

// HTTP/2, RFC 9113: frame types and flags.
const DATA = 0;
const HEADERS = 1;
const SETTINGS = 4;
const END_STREAM = 1;
const END_HEADERS = 4;

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A string of a header field that is neither indexed nor compressed (RFC 7541); shorter than 254 bytes. */
function hpack(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = bytes.length < 127 ? [bytes.length] : [127, bytes.length - 127];
  return Buffer.concat([Buffer.from(length), bytes]);
}

function onEndOfStream(socket: Socket, ended: () => void): void {
  let received = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 9 && received.length >= 9 + received.readUIntBE(0, 3)) {
      const flags = received.readUInt8(4);
      const ofOurs = received.readUInt32BE(5) === 1 && received.readUInt8(3) <= HEADERS;
      received = received.subarray(9 + received.readUIntBE(0, 3));
      if (ofOurs && (flags & END_STREAM) !== 0) {
        ended();
        return;
      }
    }
  });
}
