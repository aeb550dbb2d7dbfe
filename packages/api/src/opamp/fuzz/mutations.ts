import type { Random } from './random';
import { HOSTILE_KEYS } from './shapes';
import { bytesField, fieldsOf, nested, varint, varintField } from './wire';

/** What a broken or hostile sender makes of a message. */
type Mutation = (message: Buffer, random: Random) => Buffer;

/** Fields of AgentToServer that hold messages, and one that the specification does not know. */
const MESSAGE_FIELDS = [3, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 99] as const;

const keyed = (key: string, value: Uint8Array): Buffer =>
  Buffer.concat([bytesField(1, key), bytesField(2, value)]);

function withBit(message: Buffer, random: Random): Buffer {
  const changed = Buffer.from(message);
  for (let flips = 1 + random.below(8); flips > 0 && changed.length > 0; flips -= 1) {
    const at = random.below(changed.length);
    changed[at] = (changed[at] ?? 0) ^ (1 << random.below(8));
  }
  return changed;
}

function withFields(message: Buffer, random: Random, change: (fields: Buffer[]) => void): Buffer {
  const fields = fieldsOf(message);
  if (fields.length === 0) return random.bytes(random.below(64));
  change(fields);
  return Buffer.concat(fields);
}

/** By name, so that a failure says what was done. */
export const mutations: Readonly<Record<string, Mutation>> = {
  'flipped bits': withBit,

  'cut off': (message, random) => message.subarray(0, random.below(message.length + 1)),

  'random bytes after it': (message, random) =>
    Buffer.concat([message, random.bytes(1 + random.below(64))]),

  'random bytes within it': (message, random) => {
    const at = random.below(message.length + 1);
    const bytes = random.bytes(1 + random.below(16));
    return Buffer.concat([message.subarray(0, at), bytes, message.subarray(at)]);
  },

  'random bytes alone': (_message, random) => random.bytes(random.below(256)),

  'a field many times': (message, random) =>
    withFields(message, random, (fields) => {
      const field = fields[random.below(fields.length)] ?? Buffer.alloc(0);
      const times = Math.min(1 + random.below(200), Math.ceil((16 * 1024) / (field.length + 1)));
      for (let again = 0; again < times; again += 1) fields.push(field);
    }),

  'a field less': (message, random) =>
    withFields(message, random, (fields) => void fields.splice(random.below(fields.length), 1)),

  'fields in another order': (message, random) =>
    withFields(message, random, (fields) => {
      for (let at = fields.length - 1; at > 0; at -= 1) {
        const other = random.below(at + 1);
        const field = fields[at] ?? Buffer.alloc(0);
        fields[at] = fields[other] ?? Buffer.alloc(0);
        fields[other] = field;
      }
    }),

  'a field of another type': (message, random) =>
    withFields(message, random, (fields) => {
      const at = random.below(fields.length);
      const changed = Buffer.from(fields[at] ?? []);
      changed[0] = ((changed[0] ?? 0) & ~7) | random.below(8);
      fields[at] = changed;
    }),

  'a length that lies': (message, random) => {
    const length = random.pick([0, 1, 0x7f, 0xffff, 2 ** 31 - 1, 2 ** 32 - 1, 2 ** 53]);
    const number = random.pick(MESSAGE_FIELDS);
    return Buffer.concat([
      message,
      varint((number << 3) | 2),
      varint(length),
      random.bytes(random.below(32)),
    ]);
  },

  'numbers beyond all bounds': (message, random) => {
    const number = random.pick([2, 4, 10]);
    const value = random.pick([2n ** 64n - 1n, 2n ** 63n, 2n ** 53n + 1n, 0n]);
    // Or a varint that has no end.
    const endless = Buffer.concat([varint(number << 3), Buffer.alloc(10 + random.below(20), 0xff)]);
    return Buffer.concat([message, random.chance(0.5) ? endless : varintField(number, value)]);
  },

  'parts in parts in parts': (message, random) => {
    const levels = 1 + random.below(500);
    const inner = nested(random.pick([1, 2, 5, 6]), levels);
    return Buffer.concat([message, bytesField(random.pick(MESSAGE_FIELDS), inner)]);
  },

  'groups in groups': (message, random) =>
    Buffer.concat([message, Buffer.alloc(1 + random.below(2_000), 0x0b)]),

  'hostile keys': (message, random) => {
    const key = random.pick(HOSTILE_KEYS);
    const text = bytesField(1, 'polluted');
    return Buffer.concat([
      message,
      bytesField(3, bytesField(1, keyed(key, text))),
      bytesField(6, bytesField(1, bytesField(1, keyed(key, text)))),
      bytesField(14, bytesField(1, keyed(key, bytesField(2, keyed(key, text))))),
      bytesField(14, bytesField(1, keyed('receivers', bytesField(2, keyed(key, text))))),
    ]);
  },

  'keys without end': (message, random) => {
    const entry = bytesField(
      1,
      keyed(`k${random.next()}`.repeat(1 + random.below(200)), varintField(2, 1)),
    );
    const entries = Buffer.concat(Array<Buffer>(1 + random.below(20)).fill(entry));
    return Buffer.concat([message, bytesField(random.pick([3, 14]), entries)]);
  },

  'more parts than there may be': (message, random) => {
    const parts = Buffer.alloc(2 * random.below(random.chance(0.05) ? 30_000 : 1_000));
    for (let at = 0; at < parts.length; at += 2) parts[at] = 0x0a;
    return Buffer.concat([message, bytesField(random.pick([3, 6, 14]), parts)]);
  },

  'text that is none': (message, random) => {
    const text = Buffer.concat([Buffer.from([0xc0, 0x80, 0xed, 0xa0, 0x80]), random.bytes(64)]);
    const attribute = keyed(text.toString('latin1'), bytesField(1, text));
    return Buffer.concat([
      message,
      bytesField(3, bytesField(1, attribute)),
      bytesField(5, bytesField(3, text)),
      bytesField(7, Buffer.concat([varintField(2, 3), bytesField(3, text)])),
    ]);
  },

  'an error without end': (message, random) => {
    const text = `password=${'x'.repeat(random.below(random.chance(0.1) ? 50_000 : 2_000))}`;
    return Buffer.concat([
      message,
      bytesField(5, bytesField(3, text)),
      bytesField(
        7,
        Buffer.concat([bytesField(1, random.bytes(32)), varintField(2, 3), bytesField(3, text)]),
      ),
    ]);
  },

  'a hash that is none': (message, random) =>
    Buffer.concat([message, bytesField(7, bytesField(1, random.bytes(random.below(200))))]),

  'another instance uid': (message, random) =>
    Buffer.concat([
      message,
      bytesField(1, random.bytes(random.pick([0, 1, 15, 16, 16, 16, 17, 64]))),
    ]),
};
