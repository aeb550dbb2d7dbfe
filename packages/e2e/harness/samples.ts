import type { Sample } from './otlp';
import { signalNames } from './signals';

/**
 * So many samples of each kind, each with an id of its own.
 * @param owner whose they are; @param batch tells the ids of several calls apart.
 */
export function samplesFor(owner: string, perSignal: number, batch = 'a'): Sample[] {
  return signalNames.flatMap((signal) =>
    Array.from({ length: perSignal }, (_, index) => ({
      signal,
      owner,
      id: `${signal}-${owner}-${batch}-${index}`,
    })),
  );
}
