import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { z } from 'zod';

import { repositoryRoot } from '../harness/api';
import { descendants, runs } from './processes';

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

/** Expects a number for every figure, and a verdict and an exit code that follow from those of these names. */
export function expectJudged({ stdout, code }: BenchOutcome, judged: string[]): void {
  const { figures, ok } = Result.parse(JSON.parse(stdout));
  for (const figure of figures) {
    expect(figure).toMatchObject({ value: expect.any(Number) as number });
    expect(figure.met === undefined).toBe(figure.reach === undefined);
  }
  expect(figures.filter(({ reach }) => reach !== undefined).map(({ name }) => name)).toEqual(
    judged,
  );
  expect(ok).toBe(figures.every(({ met }) => met !== false));
  expect(code).toBe(ok ? 0 : 1);
}

/** Expects that a run had started so many processes at least, and that none of them is left. */
export async function expectAllEnded({ children }: BenchOutcome, atLeast: number): Promise<void> {
  expect(children.length).toBeGreaterThanOrEqual(atLeast);
  expect(await Promise.all(children.map(runs))).not.toContain(true);
}
