import { connect } from 'node:net';

/** Milliseconds after which the receiver has to have taken a connection. */
const TIMEOUT = 10_000;

/**
 * Sends one log record by Fluentd's forward protocol, in its message mode: tag, time and record as MessagePack. Nothing
 * answers to it.
 */
export function forwardLog(port: number, text: string): Promise<void> {
  const message = Buffer.concat([
    // A list of three; a time in seconds; a map of one entry.
    Buffer.from([0x93]),
    packed('tests'),
    Buffer.from([0xce]),
    uint32(1_700_000_000),
    Buffer.from([0x81]),
    packed('log'),
    packed(text),
  ]);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.setTimeout(TIMEOUT, () => socket.destroy(new Error('nothing took the record')));
    socket.on('error', reject);
    socket.end(message, () => resolve());
  });
}

/** A text as MessagePack's `str 16`. */
function packed(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([0xda, bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
