/** Just enough of protocol buffers to speak OpAMP to a real supervisor: varints and length-delimited fields. */

export type Field = { no: number; value: bigint | Buffer };

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Buffer.from(bytes);
}

/** A field that holds a number, a text, bytes or a message. */
export function field(no: number, value: number | bigint | string | Buffer): Buffer {
  if (typeof value === 'number' || typeof value === 'bigint') {
    return Buffer.concat([varint(BigInt(no << 3)), varint(BigInt(value))]);
  }
  const body = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([varint(BigInt((no << 3) | 2)), varint(BigInt(body.length)), body]);
}

export function message(...fields: Buffer[]): Buffer {
  return Buffer.concat(fields);
}

/** The fields of a message, in order. */
export function decode(buffer: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const number = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = buffer[at++];
      if (byte === undefined) throw new Error('truncated');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < buffer.length) {
    const tag = Number(number());
    const no = tag >> 3;
    const kind = tag & 7;
    if (kind === 0) fields.push({ no, value: number() });
    else {
      const length = kind === 2 ? Number(number()) : kind === 1 ? 8 : 4;
      fields.push({ no, value: buffer.subarray(at, at + length) });
      at += length;
    }
  }
  return fields;
}

/** The message in a field, by the path of field numbers; undefined where it is absent. */
export function bytesAt(buffer: Buffer, ...path: number[]): Buffer | undefined {
  let here: Buffer | undefined = buffer;
  for (const no of path) {
    if (!here) return undefined;
    const found: bigint | Buffer | undefined = decode(here).find((f) => f.no === no)?.value;
    here = Buffer.isBuffer(found) ? found : undefined;
  }
  return here;
}

/** The number in a field; 0 where it is absent, as in proto3. */
export function numberAt(buffer: Buffer, no: number): bigint {
  const found = decode(buffer).find((f) => f.no === no)?.value;
  return typeof found === 'bigint' ? found : 0n;
}
