import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, spawnManaged, waitFor } from '..';

const isAlive = (pid: number): boolean => {
  try {
    // A zombie still takes signals, but it runs no more.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

const node = (script: string, name = 'script') => ({
  name,
  command: process.execPath,
  args: ['-e', script],
});

describe('freePort', () => {
  it('gives ports that can be bound, each once', async () => {
    const ports = await Promise.all(Array.from({ length: 20 }, freePort));
    expect(new Set(ports).size).toBe(20);
    const server = createServer().listen(ports[0], '127.0.0.1');
    await once(server, 'listening');
    server.close();
  });
});

describe('spawnManaged', () => {
  it('tells how the process ended, and keeps the end of what it said', async () => {
    const child = await spawnManaged(
      node('console.log("out"); console.error("err"); process.exit(3)'),
    );
    expect(await child.exited).toEqual({ code: 3, signal: null });
    expect(child.hasExited()).toBe(true);
    await waitFor(() => child.logTail().includes('err'), { timeoutMs: 5_000, what: 'the output' });
    expect(child.logTail()).toContain('out');
  });

  it('appends to a log file and reads its end back', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'devkit-process-'));
    const logFile = join(dir, 'log');
    const child = await spawnManaged({
      ...node('console.log("x".repeat(50000) + "end")'),
      logFile,
    });
    await child.exited;
    expect(readFileSync(logFile, 'utf8')).toHaveLength(50_004);
    expect(child.logTail().trimEnd().endsWith('xend')).toBe(true);
    expect(child.logTail().length).toBeLessThan(20_000);
    rmSync(dir, { recursive: true });
  });

  it('hands on messages of a Node program', async () => {
    const messages: unknown[] = [];
    const child = await spawnManaged({
      ...node('process.send({ hello: 1 })'),
      onMessage: (message) => messages.push(message),
    });
    await waitFor(() => messages.length > 0, { timeoutMs: 10_000, what: 'a message' });
    expect(messages).toEqual([{ hello: 1 }]);
    await child.stop();
  });

  it('rejects for a program that does not exist', async () => {
    await expect(spawnManaged({ name: 'nothing', command: '/no/such/program' })).rejects.toThrow(
      'nothing did not start',
    );
  });

  it('stops politely first, and for good when that is ignored', async () => {
    const polite = await spawnManaged(
      node(
        'process.on("SIGTERM", () => process.exit(7)); console.log("up"); setInterval(() => {}, 1000)',
      ),
    );
    const stubborn = await spawnManaged(
      node('process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000)'),
    );
    for (const child of [polite, stubborn]) {
      await waitFor(() => child.logTail().includes('up'), { timeoutMs: 10_000, what: 'the start' });
    }
    expect(await polite.stop()).toEqual({ code: 7, signal: null });
    expect(await stubborn.stop({ graceMs: 100 })).toEqual({ code: null, signal: 'SIGKILL' });
    expect(await stubborn.stop()).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('kills the children of the process as well', async () => {
    const child = await spawnManaged({
      name: 'shell',
      command: '/bin/sh',
      args: ['-c', 'sleep 100 & echo $!; wait'],
    });
    const grandchild = Number(
      await waitFor(() => child.logTail().trim(), { timeoutMs: 5_000, what: 'the pid' }),
    );
    expect(isAlive(grandchild)).toBe(true);
    await child.kill();
    await waitFor(() => !isAlive(grandchild), { timeoutMs: 5_000, what: 'its child to end' });
  });

  it.each(['SIGKILL', 'SIGTERM', 'exit'] as const)(
    'leaves nothing behind when its parent ends by %s',
    async (how) => {
      const module = join(__dirname, '..', 'index.ts');
      const script = `
        const { spawnManaged } = require(${JSON.stringify(module)});
        spawnManaged({ name: 'sleep', command: 'sleep', args: ['100'] }).then(({ pid }) => {
          process.stdout.write(pid + '\\n');
          if (${JSON.stringify(how)} === 'exit') setTimeout(() => process.exit(0), 50);
        });`;
      const parent = spawn(
        process.execPath,
        ['-r', require.resolve('esbuild-register'), '-e', script],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      const [line] = (await once(parent.stdout, 'data')) as [Buffer];
      const pid = Number(line.toString());
      expect(isAlive(pid)).toBe(true);
      if (how !== 'exit') parent.kill(how);
      await once(parent, 'exit');
      await waitFor(() => !isAlive(pid), { timeoutMs: 10_000, what: 'the orphan to end' });
    },
    30_000,
  );
});
