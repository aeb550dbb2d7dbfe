import { varint } from './protobuf';

/** ClickHouse's native protocol, as much of it as an INSERT and a question need, at the revision that clickhouse-go speaks. */
export const REVISION = 54_460;

/** A text as the protocol has it, its length first. Numbers are written as in Protocol Buffers. */
export function text(content: string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([varint(bytes.length), bytes]);
}

/** That it is no part of an overflow, and has no bucket. */
const blockInfo = Buffer.from('010002ffffffff00', 'hex');

function cell(value: string | number): Buffer {
  if (typeof value === 'string') return text(value);
  const number = Buffer.alloc(4);
  number.writeUInt32LE(value);
  return number;
}

/** A block as a server sends it: its info first, a serialization flag for each column. */
export function block(
  header: readonly (readonly [name: string, type: string])[],
  rows: readonly (readonly (string | number)[])[],
): Buffer {
  return Buffer.concat([
    blockInfo,
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

/** Thrown where a message goes on in bytes that have not come yet. */
export class Incomplete extends Error {}

/** Reads what a client has sent so far, from its beginning. */
export class NativeReader {
  at = 0;

  constructor(private readonly bytes: Buffer) {}

  /** @throws Incomplete */
  skip(count: number): void {
    if (this.at + count > this.bytes.length) throw new Incomplete();
    this.at += count;
  }

  byte(): number {
    this.skip(1);
    return this.bytes[this.at - 1] ?? 0;
  }

  varint(): number {
    for (let value = 0, scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  text(): string {
    const length = this.varint();
    this.skip(length);
    return this.bytes.toString('utf8', this.at - length, this.at);
  }

  /** A list of names and what belongs to each, which an empty name ends. */
  pairs(): void {
    while (this.text() !== '') {
      this.varint();
      this.text();
    }
  }

  /** What stands before the columns of a block of data. */
  blockStart(): { columns: number; rows: number } {
    this.text();
    this.skip(blockInfo.length);
    return { columns: this.varint(), rows: this.varint() };
  }
}

/** What a client sends. */
export const FROM_CLIENT = { hello: 0, query: 1, data: 2, ping: 4 } as const;
/** What a server sends. */
export const FROM_SERVER = { hello: 0, data: 1, pong: 4, endOfStream: 5 } as const;

/** Data that ends: a block without columns. */
export const END_OF_DATA = Buffer.concat([
  Buffer.from([FROM_CLIENT.data]),
  text(''),
  blockInfo,
  varint(0),
  varint(0),
]);

/** A client's greeting, after its first byte, up to the key of its quota. */
export function readHello(reader: NativeReader): void {
  reader.text();
  for (let number = 0; number < 3; number += 1) reader.varint();
  for (let word = 0; word < 3; word += 1) reader.text();
  // Sent once the server has said who it is.
}

/** A client's query, after its first byte, up to the end of the tables that come with it. @returns its text. */
export function readQuery(reader: NativeReader): string {
  const INT64 = 8;
  reader.text(); // its id
  reader.byte(); // who asks: a client
  for (let word = 0; word < 3; word += 1) reader.text(); // user, first query, address
  reader.skip(INT64); // when it was first asked
  reader.byte(); // over what
  for (let word = 0; word < 3; word += 1) reader.text(); // the system's user, host, program
  for (let number = 0; number < 3; number += 1) reader.varint(); // version and revision
  reader.text(); // key of the quota
  for (let number = 0; number < 2; number += 1) reader.varint(); // depth, patch
  if (reader.byte() !== 0) {
    // The trace it belongs to: its id, the span's, state and flags.
    reader.skip(24);
    reader.text();
    reader.byte();
  }
  for (let number = 0; number < 3; number += 1) reader.varint(); // replicas
  reader.pairs(); // settings
  reader.text(); // the servers' secret
  reader.byte(); // up to which stage
  reader.byte(); // compressed or not
  const query = reader.text();
  reader.pairs(); // parameters
  reader.byte();
  reader.blockStart(); // no table
  return query;
}

/** A server's greeting. */
export function serverHello(): Buffer {
  return Buffer.concat([
    Buffer.from([FROM_SERVER.hello]),
    text('sink'),
    ...[25, 8, REVISION].map(varint),
    text('UTC'),
    text('sink'),
    varint(1),
  ]);
}

/** A block that a server answers with. */
export function serverData(content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([FROM_SERVER.data]), text(''), content]);
}
