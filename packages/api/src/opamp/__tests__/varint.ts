/** A number as protobuf and ClickHouse's Native format write it: seven bits a byte, the lowest first. */
export function varint(number: number): Buffer {
  const bytes: number[] = [];
  for (; number >= 0x80; number >>>= 7) bytes.push((number & 0x7f) | 0x80);
  return Buffer.from([...bytes, number]);
}
