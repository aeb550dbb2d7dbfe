import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { SWALLOWED_PATH } from './collectorSwallowed';
import type { Swallowed } from './collectorSwallowed';
import { serveProgram } from './program';

/** A number as ClickHouse's Native format writes it: seven bits a byte, the lowest first. */
function varint(number: number): Buffer {
  const bytes: number[] = [];
  let rest = number;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/** The numbers that a block begins with: its columns, then its rows. */
function rowsOf(block: Buffer): number {
  let at = 0;
  const next = (): number => {
    for (let value = 0, scale = 1; ; scale *= 128) {
      const byte = block[at] ?? 0;
      at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  next();
  return next();
}

function text(content: string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([varint(bytes.length), bytes]);
}

function cell(value: string | number): Buffer {
  if (typeof value === 'string') return text(value);
  const number = Buffer.alloc(4);
  number.writeUInt32LE(value);
  return number;
}

/** One block as a server of protocol 54460 sends it over HTTP: block info first, a serialization flag per column. */
function block(
  header: readonly (readonly [name: string, type: string])[],
  rows: readonly (readonly (string | number)[])[],
): Buffer {
  return Buffer.concat([
    Buffer.from('010002ffffffff00', 'hex'),
    varint(header.length),
    varint(rows.length),
    ...header.flatMap(([name, type], index) => [
      text(name),
      text(type),
      Buffer.from([0]),
      ...rows.map((row) => cell(row[index] ?? '')),
    ]),
  ]);
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
  [['sink', '25.8.1.1', 54_460, 'UTC']],
);

const described = block(
  [
    ...['name', 'type', 'default_type', 'default_expression'],
    ...['comment', 'codec_expression', 'ttl_expression'],
  ].map((name) => [name, 'String'] as const),
  logColumns.map(([name, type]) => [name, type, '', '', '', '', '']),
);

const INSERT = /^\s*INSERT INTO [`"]?([^`".\s]+)/;

/** Longer than the numbers that a block begins with. */
const BLOCK_START_BYTES = 32;

/**
 * A ClickHouse just deep enough for the collector's exporter of logs, over HTTP: it answers the exporter's questions, counts the
 * rows of each INSERT by database, and keeps nothing. What stands behind a collector then costs next to nothing, and is the same
 * for any number of tenants.
 */
serveProgram(() => {
  const swallowed: Swallowed = {};

  function count(database: string, start: Buffer): void {
    const sum = (swallowed[database] ??= { rows: 0, inserts: 0 });
    sum.rows += rowsOf(start);
    sum.inserts += 1;
  }

  function serve(incoming: IncomingMessage, answer: ServerResponse): void {
    const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://sink');
    if (pathname === SWALLOWED_PATH) {
      answer.end(JSON.stringify(swallowed));
      return;
    }
    const query = searchParams.get('query');
    const database = INSERT.exec(query ?? '')?.[1];
    // Of an INSERT, the first bytes alone; of a question, the question.
    let kept = Buffer.alloc(0);
    incoming.on('data', (chunk: Buffer) => {
      if (database === undefined || kept.length < BLOCK_START_BYTES) {
        kept = Buffer.concat([kept, chunk]);
      }
    });
    incoming.on('end', () => {
      answer.setHeader('X-ClickHouse-Format', 'Native');
      if (database !== undefined) {
        count(database, kept);
        answer.end();
      } else {
        answer.end(/^\s*DESC/.test(query ?? kept.toString()) ? described : hello);
      }
    });
  }

  return createServer(serve);
});
