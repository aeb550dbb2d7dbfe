/** Just enough of protocol buffers for an OpAMP agent: what it says is written, what a server answers is read. */

import { FIXED64, LENGTH, tag, VARINT, varint } from './protobuf';

export function number(field: number, value: number): Buffer {
  return Buffer.concat([tag(field, VARINT), varint(value)]);
}

/** Bytes, a text, or a message made of fields. */
export function bytes(field: number, ...parts: readonly (Uint8Array | string)[]): Buffer {
  const all = parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part));
  const length = all.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([tag(field, LENGTH), varint(length), ...all]);
}

export function fixed64(field: number, value: bigint): Buffer {
  const eight = Buffer.alloc(8);
  eight.writeBigUInt64LE(value);
  return Buffer.concat([tag(field, FIXED64), eight]);
}

/** A field of a message: its number and, for bytes and messages, where they lie. */
interface Field {
  no: number;
  value: number;
  body: Buffer | undefined;
}

/** The fields of a message, in order. @throws RangeError for one that is cut off or has a wire type that OpAMP does not use. */
export function* fields(message: Buffer): Generator<Field> {
  let at = 0;
  const next = (): number => {
    for (let value = 0, scale = 1; ; scale *= 0x80) {
      const byte = message[at];
      if (byte === undefined) throw new RangeError('a message is cut off');
      at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const tag = next();
    const no = Math.floor(tag / 8);
    const kind = tag % 8;
    if (kind === VARINT) {
      yield { no, value: next(), body: undefined };
      continue;
    }
    if (kind !== LENGTH && kind !== FIXED64) throw new RangeError(`wire type ${kind}`);
    const length = kind === LENGTH ? next() : 8;
    if (at + length > message.length) throw new RangeError('a message is cut off');
    yield { no, value: 0, body: message.subarray(at, at + length) };
    at += length;
  }
}

/** Bytes or message at a path of field numbers; `undefined` where there is none. */
export function bodyAt(message: Buffer, ...path: number[]): Buffer | undefined {
  let here: Buffer | undefined = message;
  for (const no of path) {
    if (here === undefined) return undefined;
    let found: Buffer | undefined;
    for (const field of fields(here)) if (field.no === no) found = field.body;
    here = found;
  }
  return here;
}
