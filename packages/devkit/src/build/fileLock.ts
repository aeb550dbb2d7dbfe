import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** How often a holder shows that it lives, and after how much silence nobody believes it does; milliseconds. */
const beat = 2_000;
const silence = 30_000;

interface Holder {
  pid: number;
  host: string;
  token: string;
}

async function take(path: string, holder: Holder): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify(holder), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function isStale(path: string): Promise<boolean> {
  try {
    const [{ mtimeMs }, text] = await Promise.all([stat(path), readFile(path, 'utf8')]);
    if (Date.now() - mtimeMs > silence) return true;
    // Empty for the instant between its making and its writing; silence decides for one that stays so.
    if (text === '') return false;
    const { pid, host } = JSON.parse(text) as Holder;
    return host === hostname() && !isAlive(pid);
  } catch {
    return false;
  }
}

/**
 * Runs `work` while no other process does so under the same lock file. The lock of a process that died is taken over.
 *
 * It saves work and no more: two processes that find the same dead lock at once may, rarely, both go on. What `work` leaves
 * behind has to be put in place atomically.
 *
 * @throws Error when the lock cannot be had within `timeoutMs`.
 */
export async function withFileLock<T>(
  path: string,
  work: () => Promise<T>,
  { timeoutMs, onWait }: { timeoutMs: number; onWait?: (() => void) | undefined },
): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const holder: Holder = { pid: process.pid, host: hostname(), token: randomUUID() };
  const deadline = Date.now() + timeoutMs;
  let waited = false;
  while (!(await take(path, holder))) {
    if (await isStale(path)) {
      const aside = `${path}.${holder.token}`;
      // Whoever renames first has removed it; for the others it is simply gone.
      await rename(path, aside).catch(() => undefined);
      await rm(aside, { force: true });
      continue;
    }
    if (Date.now() > deadline) throw new Error(`${path} is still held by another process`);
    if (!waited) onWait?.();
    waited = true;
    await sleep(100 + Math.random() * 200);
  }
  const heart = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, beat);
  heart.unref();
  try {
    return await work();
  } finally {
    clearInterval(heart);
    await release(path, holder);
  }
}

/** Removes the lock if it is still ours: after a long stop of this process another may have taken it over. */
async function release(path: string, { token }: Holder): Promise<void> {
  try {
    const held = JSON.parse(await readFile(path, 'utf8')) as Holder;
    if (held.token === token) await rm(path, { force: true });
  } catch {
    // Gone already, which is what was wanted.
  }
}
