import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { emptyState, type AccessState, type Profile, type Quota, type User } from './state';

interface Saved {
  version: 1;
  users: User[];
  profiles: Profile[];
  quotas: Quota[];
}

const byName = <T extends { name: string }>(list: readonly T[]): Map<string, T> =>
  new Map(list.map((one) => [one.name, one]));

/** Where the state outlives the process: one JSON file, of which there is always the old or the new, never a part. */
export class AccessStore {
  readonly #path: string;

  constructor(dataDir: string) {
    this.#path = join(dataDir, 'front-access.json');
  }

  /** @throws Error for a file of another version: nobody must be let in by a misread one. */
  load(): AccessState {
    if (!existsSync(this.#path)) return emptyState;
    const saved = JSON.parse(readFileSync(this.#path, 'utf8')) as Saved;
    if ((saved.version as number) !== 1) throw new Error(`${this.#path}: not a file of version 1`);
    return {
      users: byName(saved.users),
      profiles: byName(saved.profiles),
      quotas: byName(saved.quotas),
    };
  }

  /** Resolves when a crash of the process can no longer undo it. */
  async save(state: AccessState): Promise<void> {
    const saved: Saved = {
      version: 1,
      users: [...state.users.values()],
      profiles: [...state.profiles.values()],
      quotas: [...state.quotas.values()],
    };
    const written = `${this.#path}.${randomUUID()}`;
    try {
      await writeFile(written, JSON.stringify(saved), { mode: 0o600 });
      await rename(written, this.#path);
    } catch (error) {
      await rm(written, { force: true });
      throw error;
    }
  }
}
