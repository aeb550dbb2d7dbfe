import type { BenchOptions } from './shape';

interface Part {
  stop(): Promise<unknown>;
}

/** Has a part ended before all that was started earlier. @throws where the bench was given up meanwhile. */
export type Started = <P extends Part>(part: P) => P;

/** Runs `work`, and then ends all that it has started, in reverse order, whatever one of them says to that. */
export async function withGround<T>(
  { progress, signal }: BenchOptions,
  work: (started: Started) => Promise<T>,
): Promise<T> {
  const parts: Part[] = [];
  try {
    return await work((part) => {
      parts.unshift(part);
      signal.throwIfAborted();
      return part;
    });
  } finally {
    progress('stopping');
    for (const part of parts) {
      await part
        .stop()
        .catch((error: unknown) => progress(`could not be stopped: ${String(error)}`));
    }
  }
}
