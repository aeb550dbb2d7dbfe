import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { z } from 'zod';

import { repositoryRoot } from '../harness/api';
import { descendants } from './processes';

const main = join(repositoryRoot(), 'packages/e2e/dist/bench/main.js');

/** How a run of `yarn bench` ended. */
export interface BenchOutcome {
  code: number | null;
  stdout: string;
  stderr: string;
  /** Processes that it had started. */
  children: number[];
}

/** Runs the built bench, as `yarn bench` does. */
export async function runBench(...args: string[]): Promise<BenchOutcome> {
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 250_000,
  });
  const seen = new Set<number>();
  const watch = setInterval(() => {
    void descendants(child.pid ?? 0).then((pids) => pids.forEach((pid) => seen.add(pid)));
  }, 500);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  clearInterval(watch);
  return { code, stdout, stderr, children: [...seen] };
}

/** What `--json` prints. */
export const Result = z.strictObject({
  bench: z.string(),
  conditions: z.record(z.string(), z.union([z.string(), z.number()])),
  figures: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        value: z.number().nullable(),
        unit: z.string().min(1),
        reach: z
          .string()
          .regex(/^[<>]= \d+(\.\d+)?$/)
          .optional(),
        met: z.boolean().optional(),
      }),
    )
    .min(1),
  ok: z.boolean(),
});
