import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Readable } from 'node:stream';

/** Bytes of log kept in memory, or read back from a file, for error messages. */
const kept = 16_384;

/** The end of a child's output. */
export type LogTail = () => string;

/** Keeps the last part of what the streams say; reading them also keeps the child from blocking on a full pipe. */
export function tailOfStreams(streams: readonly Readable[]): LogTail {
  let tail = Buffer.alloc(0);
  for (const stream of streams) {
    stream.on('error', () => undefined);
    stream.on('data', (chunk: Buffer) => {
      tail = Buffer.concat([tail, chunk]).subarray(-kept);
    });
  }
  return () => tail.toString('utf8');
}

/** Reads the last part of a log file; an unreadable one is an empty tail, since a tail only decorates errors. */
export function tailOfFile(path: string): LogTail {
  return () => {
    try {
      const file = openSync(path, 'r');
      try {
        const start = Math.max(0, fstatSync(file).size - kept);
        const buffer = Buffer.alloc(kept);
        return buffer.toString('utf8', 0, readSync(file, buffer, 0, kept, start));
      } finally {
        closeSync(file);
      }
    } catch {
      return '';
    }
  };
}
