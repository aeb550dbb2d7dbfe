/** A number as Protocol Buffers write it: seven bits a byte, the lowest first. */
export function varint(number: number | bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(number));
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

/** A field that holds bytes: a text, a message, or what claims to be one. */
export function bytesField(number: number, body: string | Uint8Array): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.byteLength), bytes]);
}

/** A field that holds a number. */
export function varintField(number: number, value: number | bigint): Buffer {
  return Buffer.concat([varint(number << 3), varint(value)]);
}

/** A message in a message, as many levels deep as there are, each as the field `number` of the one around it. */
export function nested(number: number, levels: number): Buffer {
  // Each level is a tag and the length of all within: written from the innermost, without copying what is there.
  const heads: Buffer[] = [];
  for (let level = 0, size = 0; level < levels; level += 1) {
    const head = Buffer.concat([varint((number << 3) | 2), varint(size)]);
    heads.push(head);
    size += head.byteLength;
  }
  return Buffer.concat(heads.reverse());
}

function varintEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.byteLength && ((bytes[at] ?? 0) & 0x80) !== 0) at += 1;
  return at + 1;
}

function lengthAt(bytes: Uint8Array, from: number): number {
  let length = 0;
  for (let at = from, shift = 1; at < bytes.byteLength; at += 1, shift *= 128) {
    const byte = bytes[at] ?? 0;
    length += (byte & 0x7f) * shift;
    if ((byte & 0x80) === 0) break;
  }
  return length;
}

/** The fields of a message, each with its tag; of one that is broken, those before that. */
export function fieldsOf(message: Buffer): Buffer[] {
  const fields: Buffer[] = [];
  for (let start = 0; start < message.byteLength;) {
    const body = varintEnd(message, start);
    const wireType = (message[start] ?? 0) & 7;
    let end = body;
    if (wireType === 0) end = varintEnd(message, body);
    else if (wireType === 1) end = body + 8;
    else if (wireType === 2) end = varintEnd(message, body) + lengthAt(message, body);
    else if (wireType === 5) end = body + 4;
    if (end <= body || end > message.byteLength) break;
    fields.push(message.subarray(start, end));
    start = end;
  }
  return fields;
}
