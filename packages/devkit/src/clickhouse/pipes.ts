import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

export interface OpenPipe {
  /** What the engine writes; ends after `finish`, once everything has been read. */
  readonly readable: Readable;
  /** Says that the engine will write no more. */
  finish(): void;
  /** Nobody reads on: the engine's next write fails, which ends its query. */
  abandon(): void;
}

export interface Pipe {
  readonly path: string;
  open(): OpenPipe;
}

function openPipe(path: string): OpenPipe {
  // Non-blocking, or opening would wait for the other side. The writing end held here keeps the reader from seeing an end
  // before the engine has opened its own.
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  let writer: number | undefined = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  const readable = new Socket({ fd: reader, readable: true, writable: false });
  const finish = (): void => {
    if (writer === undefined) return;
    closeSync(writer);
    writer = undefined;
  };
  return {
    readable,
    finish,
    abandon() {
      finish();
      readable.destroy();
    },
  };
}

/**
 * Named pipes into which the engine writes answers (`INTO OUTFILE`): the kernel's buffer makes a fast query wait for a slow
 * reader, so an answer of any size and format passes through 64 KiB.
 */
export class Pipes {
  readonly #free: Pipe[];

  constructor(dir: string, count: number) {
    const paths = Array.from({ length: count }, (_, index) => join(dir, `answer-${index}.pipe`));
    // Node cannot make one itself; one call makes them all.
    execFileSync('mkfifo', ['-m', '600', ...paths]);
    this.#free = paths.map((path) => ({ path, open: () => openPipe(path) }));
  }

  /** Lends a pipe to `work`, which must not settle before the engine has let go of it. */
  async lend<T>(work: (pipe: Pipe) => Promise<T>): Promise<T> {
    const pipe = this.#free.pop();
    if (!pipe) throw new Error('more queries than pipes');
    try {
      return await work(pipe);
    } finally {
      this.#free.push(pipe);
    }
  }
}
