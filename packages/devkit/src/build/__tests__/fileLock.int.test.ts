import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { withFileLock } from '..';

describe('withFileLock', () => {
  let folder: string;
  let path: string;
  const soon = { timeoutMs: 10_000 };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fileLock-'));
    path = join(folder, 'lock');
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('lets one work at a time', async () => {
    let inside = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++inside);
      await sleep(20);
      inside--;
    };
    await Promise.all(Array.from({ length: 5 }, () => withFileLock(path, work, soon)));
    expect(most).toBe(1);
  });

  it('is free again after work that failed', async () => {
    const work = () => Promise.reject(new Error('broken'));
    await expect(withFileLock(path, work, soon)).rejects.toThrow('broken');
    expect(await withFileLock(path, () => Promise.resolve('next'), soon)).toBe('next');
  });

  it('takes over from a process that died', async () => {
    const child = spawn('/bin/true');
    await once(child, 'exit');
    await writeFile(path, JSON.stringify({ pid: child.pid, host: hostname(), token: 'dead' }));
    expect(await withFileLock(path, () => Promise.resolve('taken'), soon)).toBe('taken');
  });

  it('takes over from one that has been silent for long, whatever it wrote', async () => {
    await writeFile(path, '');
    const long = new Date(Date.now() - 120_000);
    await utimes(path, long, long);
    expect(await withFileLock(path, () => Promise.resolve('taken'), soon)).toBe('taken');
  });

  it('gives up on one that lives', async () => {
    await writeFile(path, JSON.stringify({ pid: process.pid, host: hostname(), token: 'other' }));
    const waits: string[] = [];
    await expect(
      withFileLock(path, () => Promise.resolve(), {
        timeoutMs: 300,
        onWait: () => waits.push('waited'),
      }),
    ).rejects.toThrow(/still held/);
    expect(waits).toEqual(['waited']);
  });
});
