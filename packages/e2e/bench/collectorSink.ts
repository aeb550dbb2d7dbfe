import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:net';

import { serveNative } from './collectorSinkNative';
import type { SinkAnswers } from './collectorSinkNative';
import { SWALLOWED_PATH } from './collectorSwallowed';
import type { Swallowed } from './collectorSwallowed';
import { block, FROM_CLIENT, NativeReader, REVISION } from './nativeProtocol';
import { KEEP_ALIVE_MS, serveProgram } from './program';

/** The numbers that a block begins with, over HTTP: its columns, then its rows. */
function rowsOf(start: Buffer): number {
  const reader = new NativeReader(start);
  reader.varint();
  return reader.varint();
}

/** The columns that the exporter fills of a table of logs, as the product makes it. */
const logColumns = [
  ['Timestamp', 'DateTime64(9)'],
  ['TraceId', 'String'],
  ['SpanId', 'String'],
  ['TraceFlags', 'UInt8'],
  ['SeverityText', 'LowCardinality(String)'],
  ['SeverityNumber', 'UInt8'],
  ['ServiceName', 'LowCardinality(String)'],
  ['Body', 'String'],
  ['ResourceSchemaUrl', 'LowCardinality(String)'],
  ['ResourceAttributes', 'Map(LowCardinality(String), String)'],
  ['ScopeSchemaUrl', 'LowCardinality(String)'],
  ['ScopeName', 'String'],
  ['ScopeVersion', 'LowCardinality(String)'],
  ['ScopeAttributes', 'Map(LowCardinality(String), String)'],
  ['LogAttributes', 'Map(LowCardinality(String), String)'],
  ['EventName', 'String'],
] as const;

const hello = block(
  [
    ['displayName()', 'String'],
    ['version()', 'String'],
    ['revision()', 'UInt32'],
    ['timezone()', 'String'],
  ],
  [['sink', '25.8.1.1', REVISION, 'UTC']],
);

const described = block(
  [
    ...['name', 'type', 'default_type', 'default_expression'],
    ...['comment', 'codec_expression', 'ttl_expression'],
  ].map((name) => [name, 'String'] as const),
  logColumns.map(([name, type]) => [name, type, '', '', '', '', '']),
);

const insertColumns = block(logColumns, []);

const INSERT = /^\s*INSERT INTO [`"]?([^`".\s]+)/;

/** Longer than the numbers that a block begins with. */
const BLOCK_START_BYTES = 32;

/**
 * A ClickHouse just deep enough for the collector's exporter of logs, over HTTP and over the native protocol, on one port: it answers
 * the exporter's questions, counts the rows of each INSERT by database, and keeps nothing. What stands behind a collector then costs
 * next to nothing, and is the same for any number of tenants.
 */
serveProgram(() => {
  const swallowed: Swallowed = {};

  const sink: SinkAnswers = {
    answer: (query) => (/^\s*DESC/.test(query) ? described : hello),
    insertInto(query) {
      const database = INSERT.exec(query)?.[1];
      return database === undefined ? undefined : { database, columns: insertColumns };
    },
    swallow(database, rows) {
      const sum = (swallowed[database] ??= { rows: 0, inserts: 0 });
      sum.rows += rows;
      sum.inserts += 1;
    },
  };

  function serveHttp(incoming: IncomingMessage, answer: ServerResponse): void {
    const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://sink');
    if (pathname === SWALLOWED_PATH) {
      answer.end(JSON.stringify(swallowed));
      return;
    }
    const query = searchParams.get('query');
    const insert = sink.insertInto(query ?? '');
    // Of an INSERT, the first bytes alone; of a question, the question.
    let kept = Buffer.alloc(0);
    incoming.on('data', (chunk: Buffer) => {
      if (!insert || kept.length < BLOCK_START_BYTES) kept = Buffer.concat([kept, chunk]);
    });
    incoming.on('end', () => {
      answer.setHeader('X-ClickHouse-Format', 'Native');
      if (insert) {
        sink.swallow(insert.database, rowsOf(kept));
        answer.end();
      } else {
        answer.end(sink.answer(query ?? kept.toString()));
      }
    });
  }

  const http = createHttpServer(serveHttp);
  http.keepAliveTimeout = KEEP_ALIVE_MS;
  return createServer((socket) => {
    socket.once('data', (first: Buffer) => {
      // What HTTP begins with is a letter.
      socket.pause();
      if (first[0] === FROM_CLIENT.hello) serveNative(socket, sink);
      else http.emit('connection', socket);
      socket.unshift(first);
      socket.resume();
    });
    // A collector that is ended cuts its connections.
    socket.on('error', () => {
      socket.destroy();
    });
  });
});
