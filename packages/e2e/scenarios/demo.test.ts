import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { waitFor } from '@hyperdx-tenancy/devkit/process';
import { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';

import type { DemoResult } from '../demo/run';
import { repositoryRoot } from '../harness/api';
import { signals } from '../harness/signals';
import { descendants, runs } from './processes';

const root = repositoryRoot();
const main = join(root, 'packages/e2e/dist/demo/main.js');
const run = promisify(execFile);

/** The demo as a process of its own, with all that it has said. */
interface Demo {
  process: ChildProcess;
  pid: number;
  said: () => string;
  /** Resolves when it has said this. */
  says: (text: string) => Promise<void>;
  /** Its exit code. */
  exited: Promise<number | null>;
}

const demos: Demo[] = [];

function startDemo(...args: string[]): Demo {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const demo: Demo = {
    process: child,
    pid: child.pid ?? 0,
    said: () => text,
    says: async (what) => {
      await waitFor(() => text.includes(what), {
        what: `the demo to say "${what}"`,
        timeoutMs: 120_000,
        process: { hasExited: () => child.exitCode !== null, logTail: () => text },
      });
    },
    exited: once(child, 'exit').then(([code]) => code as number | null),
  };
  demos.push(demo);
  return demo;
}

/** Resolves when none of these processes runs. */
async function gone(pids: readonly number[]): Promise<void> {
  await waitFor(async () => !(await Promise.all(pids.map(runs))).includes(true), {
    what: `processes ${pids.join(', ')} to end`,
    timeoutMs: 10_000,
  });
}

// A test that failed or ran out of time leaves no demo behind: devkit's guard ends what that had started.
afterEach(async () => {
  for (const demo of demos.splice(0)) {
    if (demo.process.exitCode !== null || demo.process.signalCode !== null) continue;
    const children = await descendants(demo.pid);
    demo.process.kill('SIGKILL');
    await demo.exited;
    await gone(children);
  }
}, 30_000);

function parseResult(stdout: string): DemoResult {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as DemoResult;
}

function expectExact(result: DemoResult, names: readonly string[]): void {
  expect(Object.keys(result).sort()).toEqual(['ok', 'refused', 'tenants']);
  expect(result.ok).toBe(true);
  expect(result.refused).toBe(3 * names.length);
  expect(result.tenants.map(({ name }) => name)).toEqual(names);
  for (const tenant of result.tenants) {
    expect(Object.keys(tenant).sort()).toEqual(['id', 'name', 'tables']);
    expect(tenant.tables).toEqual(
      Object.values(signals).map(({ table }) => ({
        table: `${table}_${tenant.id}`,
        sent: 20,
        stored: 20,
        foreign: 0,
      })),
    );
  }
}

describe('scripts/demo', () => {
  it('--once --json prints exact numbers for every tenant and table, and exits with 0', async () => {
    const args = ['--once', '--json', '--tenants', '1'];
    const { stdout } = await run(join(root, 'scripts/demo'), args, { timeout: 240_000 });
    expectExact(parseResult(stdout), ['Acme']);
  }, 250_000);

  it.each(['--help', '-h'])('%s says all options, and starts nothing', async (flag) => {
    const { stdout, stderr } = await run(join(root, 'scripts/demo'), ['--once', flag], {
      timeout: 10_000,
    });
    for (const word of ['--once', '--json', '--tenants', 'Ctrl-C']) expect(stdout).toContain(word);
    expect(stdout).not.toMatch(/^#|^set/m);
    expect(stderr).toBe('');
  });
});

it('--once prints a table with what was refused of each tenant', async () => {
  const { stdout } = await run(process.execPath, [main, '--once', '--tenants', '2'], {
    timeout: 120_000,
  });
  const rows = stdout
    .split('\n')
    .filter((line) => line.startsWith('│'))
    .map((line) =>
      line
        .split('│')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const kinds = Object.keys(signals).length;
  expect(rows).toHaveLength(1 + 2 * kinds);
  expect(rows[0]).toEqual([
    'tenant',
    'table',
    'records sent',
    'rows stored',
    "someone else's",
    'requests refused (401)',
  ]);
  expect(rows[1]).toEqual(['Acme', expect.stringMatching(/^otel_logs_/), '20', '20', '0', '3']);
  expect(rows[2]?.[5]).toBe('');
  expect(rows[1 + kinds]?.[0]).toBe('Globex');
  expect(rows[1 + kinds]?.[5]).toBe('3');
}, 150_000);

it.each(['0', '1001', '1.5', 'many'])('refuses --tenants %s and says why', async (count) => {
  const { stdout } = await run(join(root, 'scripts/demo'), ['--help']);
  const [, range = 'none'] = /how many tenants, (1 to \d+)/.exec(stdout) ?? [];
  await expect(run(process.execPath, [main, '--tenants', count])).rejects.toMatchObject({
    stderr: expect.stringMatching(new RegExp(`--tenants.*from ${range}\\.`)) as string,
  });
});

describe('while it runs', () => {
  it('serves a fourth tenant within 10 seconds, and Ctrl-C leaves no process behind', async () => {
    const demo = startDemo('--tenants', '3');
    await demo.says('MongoDB      ');
    // What it prints is what is followed here.
    const find = (pattern: RegExp): string => pattern.exec(demo.said())?.[1] ?? '';
    const env = {
      PATH: process.env['PATH'],
      TENANCY_URL: find(/export TENANCY_URL=(\S+)/),
      TENANCY_ADMIN_TOKEN: find(/TENANCY_ADMIN_TOKEN=(\S+)/),
    };
    const cli = find(/^ {2}node (\S+hyperdx-tenancy\.js) tenant create/m);
    const otlp = find(/curl (\S+\/v1\/logs)/);
    const seconds = String(Math.floor(Date.now() / 1_000));
    const body = find(/-d '(\{"resourceLogs.*)'$/m)
      .replace("'$(date +%s)", seconds)
      .replace("'", '');
    const sql = find(/curl '(\S+)'/);
    const args = [cli, '--json', 'tenant', 'create', 'Umbrella', '--api-key', 'umbrella-key'];
    const { stdout } = await run(process.execPath, args, { cwd: root, env, timeout: 60_000 });
    const promised = Date.now() + 10_000;
    const { id } = TenantView.parse(JSON.parse(stdout));

    const send = async (): Promise<number> =>
      (
        await fetch(otlp, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: 'umbrella-key' },
          body,
          signal: AbortSignal.timeout(5_000),
        })
      ).status;
    const rows = async (): Promise<string> =>
      (
        await fetch(sql, {
          method: 'POST',
          body: `SELECT Body FROM otel_logs_${id} FORMAT TSV`,
          signal: AbortSignal.timeout(5_000),
        })
      ).text();
    const within = (what: string) => ({ what, timeoutMs: promised - Date.now(), intervalMs: 100 });
    // 401 until the collector has the key.
    await waitFor(async () => (await send()) === 200, within('the new key to be let in'));
    await waitFor(async () => (await rows()) !== '', within("the new tenant's record"));
    expect(await rows()).toBe('hello\n');

    const children = await descendants(demo.pid);
    // The engines, the API, the supervisor and its collector at the least.
    expect(children.length).toBeGreaterThanOrEqual(5);
    demo.process.kill('SIGINT');
    expect(await demo.exited).toBe(0);
    expect((await Promise.all(children.map(runs))).includes(true)).toBe(false);
  }, 180_000);

  it.each([
    ['the engines start', 'starting MongoDB'],
    ['the API starts', 'starting the API'],
    ['the collector starts', 'starting a collector'],
    ['tenants are made', 'created Acme'],
    ['the collector fetches the keys', 'waiting for the collector'],
    ['records are sent', 'sending logs'],
    ['rows are waited for', 'waiting for the rows'],
  ])(
    'Ctrl-C while %s ends it and all that it started',
    async (_when, line) => {
      const demo = startDemo('--tenants', '5');
      await demo.says(line);
      const children = await descendants(demo.pid);
      demo.process.kill('SIGINT');
      const started = new Set(children);
      // What was just being started then is ended as well.
      const watch = setInterval(() => {
        void descendants(demo.pid).then((now) => now.forEach((pid) => started.add(pid)));
      }, 100);
      try {
        // A clean-up that takes longer than 8 seconds is given up, and the guard ends what is left.
        const late = sleep(15_000, 'still running', { ref: false });
        expect(await Promise.race([demo.exited, late])).toBe(130);
      } finally {
        clearInterval(watch);
      }
      await gone([...started]);
      expect(demo.said()).not.toMatch(/^\s+at /m);
    },
    150_000,
  );
});
