import { notImplemented } from './errors';
import { parseType, type Layout } from './nativeType';

/** Bytes of a Native answer that may be rewritten for a client's protocol version: it is held whole. */
export const nativeAnswerLimit = 64 * 1024 * 1024;

/** From this `client_protocol_version` on, a byte after each column's type says whether its serialization is a custom one. */
const withCustomSerialization = 54_454;

/** Field 1 (is_overflows) = 0, field 2 (bucket_number) = -1, end: what stands before each block for any protocol version. */
const blockInfo = Buffer.from([1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0]);

/** LowCardinality: the flag for a dictionary in the block itself, and the bits that say how wide its indexes are. */
const hasAdditionalKeys = 1n << 9n;
const indexTypeMask = 0xffn;

/** Walks through Native data without looking at values. */
class Reader {
  offset = 0;

  constructor(private readonly data: Buffer) {}

  get atEnd(): boolean {
    return this.offset >= this.data.length;
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 49; shift += 7) {
      const byte = this.data.readUInt8(this.offset++);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a number in a Native block is too large');
  }

  skip(bytes: number): void {
    if (bytes > this.data.length - this.offset) throw new RangeError('a Native block ends early');
    this.offset += bytes;
  }

  uint64(): bigint {
    const value = this.data.readBigUInt64LE(this.offset);
    this.offset += 8;
    return value;
  }

  /** A count, which a block in memory cannot need 53 bits for. */
  count(): number {
    return Number(this.uint64());
  }

  text(): string {
    const length = this.varint();
    const start = this.offset;
    this.skip(length);
    return this.data.toString('utf8', start, this.offset);
  }
}

/** What precedes a column's data: the version of each LowCardinality in it. */
function skipPrefix(reader: Reader, layout: Layout): void {
  switch (layout.kind) {
    case 'fixed':
    case 'string':
      return;
    case 'nullable':
    case 'array':
      skipPrefix(reader, layout.inner);
      return;
    case 'tuple':
      for (const part of layout.parts) skipPrefix(reader, part);
      return;
    case 'lowCardinality':
      reader.skip(8);
  }
}

function skipLowCardinality(reader: Reader, dictionary: Layout): void {
  const flags = reader.uint64();
  if (flags & hasAdditionalKeys) skipValues(reader, dictionary, reader.count());
  const indexBytes = 2 ** Number(flags & indexTypeMask);
  reader.skip(reader.count() * indexBytes);
}

function skipValues(reader: Reader, layout: Layout, rows: number): void {
  if (rows === 0) return;
  switch (layout.kind) {
    case 'fixed':
      reader.skip(rows * layout.bytes);
      return;
    case 'string':
      for (let row = 0; row < rows; row++) reader.skip(reader.varint());
      return;
    case 'nullable':
      reader.skip(rows);
      skipValues(reader, layout.inner, rows);
      return;
    case 'array': {
      // Offsets are ends, so the last one is how many elements there are.
      reader.skip((rows - 1) * 8);
      skipValues(reader, layout.inner, reader.count());
      return;
    }
    case 'tuple':
      for (const part of layout.parts) skipValues(reader, part, rows);
      return;
    case 'lowCardinality':
      skipLowCardinality(reader, layout.dictionary);
  }
}

/**
 * Writes Native data, as the embedded engine makes them, as a server does for a client of `protocolVersion`: with block info
 * before each block, and with the mark of the usual serialization after each column's type.
 *
 * @throws ServerError for a type whose layout is not known, and for data that are not Native.
 */
export function convertNative(answer: Buffer, protocolVersion: number): Buffer {
  if (protocolVersion <= 0) return answer;
  const reader = new Reader(answer);
  const parts: Buffer[] = [];
  try {
    while (!reader.atEnd) {
      parts.push(blockInfo);
      let copied = reader.offset;
      const columns = reader.varint();
      const rows = reader.varint();
      for (let column = 0; column < columns; column++) {
        reader.text();
        const layout = parseType(reader.text());
        parts.push(answer.subarray(copied, reader.offset));
        copied = reader.offset;
        if (protocolVersion >= withCustomSerialization) parts.push(Buffer.of(0));
        if (rows === 0) continue;
        skipPrefix(reader, layout);
        skipValues(reader, layout, rows);
      }
      parts.push(answer.subarray(copied, reader.offset));
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw notImplemented(
      `A Native answer for client_protocol_version=${protocolVersion}: ${reason}`,
    );
  }
  return Buffer.concat(parts);
}
