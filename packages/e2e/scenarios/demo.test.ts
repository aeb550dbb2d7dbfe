import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { repositoryRoot } from '../harness/api';
import { signals } from '../harness/signals';
import type { DemoResult } from '../demo/run';

const main = join(repositoryRoot(), 'packages/e2e/dist/demo/main.js');

/** Ids of all processes that descend from one, itself left out, however deep. */
async function descendants(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-e', '-o', 'pid=,ppid=']);
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent: number): number[] =>
    rows.filter(([, ppid]) => ppid === parent).flatMap(([child = 0]) => [child, ...below(child)]);
  return below(pid);
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

it('--once --json prints exact numbers for every tenant and table, and exits with 0', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [main, '--once', '--json', '--tenants', '2'],
    { timeout: 120_000 },
  );
  const result = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as DemoResult;
  expect(Object.keys(result).sort()).toEqual(['ok', 'refused', 'tenants']);
  expect(result.ok).toBe(true);
  expect(result.refused).toBe(6);
  expect(result.tenants.map(({ name }) => name)).toEqual(['Acme', 'Globex']);
  for (const { id, tables } of result.tenants) {
    expect(tables.map(({ table }) => table)).toEqual(
      Object.values(signals).map(({ table }) => `${table}_${id}`),
    );
    for (const row of tables) expect(row).toMatchObject({ sent: 20, stored: 20, foreign: 0 });
  }
}, 150_000);

it.each(['0', '101', '1.5', 'many'])('refuses --tenants %s and says why', async (count) => {
  const refusal = promisify(execFile)(process.execPath, [main, '--tenants', count]);
  await expect(refusal).rejects.toMatchObject({
    stderr: expect.stringContaining('--tenants') as string,
  });
});

it('leaves no process behind after Ctrl-C', async () => {
  const demo = spawn(process.execPath, [main, '--tenants', '1'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const pid = demo.pid ?? 0;
  let said = '';
  demo.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  demo.stderr.resume();
  while (!said.includes('Running until Ctrl-C')) {
    const [event] = (await Promise.race([
      once(demo.stdout, 'data'),
      once(demo, 'exit').then(() => ['exit']),
    ])) as unknown[];
    if (event === 'exit') throw new Error(`the demo ended: ${said}`);
  }
  const children = await descendants(pid);
  // The engines, the API, the supervisor and its collector at the least.
  expect(children.length).toBeGreaterThanOrEqual(5);
  const exited = once(demo, 'exit') as Promise<[number | null]>;
  demo.kill('SIGINT');
  expect((await exited)[0]).toBe(0);
  expect(children.filter(lives)).toEqual([]);
}, 150_000);
