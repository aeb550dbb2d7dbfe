import { Command, CommanderError, InvalidArgumentError } from 'commander';

import { INTERRUPTED_CODE, onInterrupt } from '../demo/interrupt';
import { collector } from './collector';
import { gateway } from './gateway';
import { ingest } from './ingest';
import { opamp } from './opamp';
import { provisioning } from './provisioning';
import { scale } from './scale';
import { benchResult, renderResult } from './shape';
import type { Bench } from './shape';

const FAILED_CODE = 1;
const USAGE_CODE = 2;

/** Every bench by its name; a new one is one line here. */
const benches: Readonly<Record<string, Bench>> = {
  provisioning,
  ingest,
  scale,
  gateway,
  collector,
  opamp,
};

interface Flags {
  json: boolean;
  quick: boolean;
  /** The size, by the name that the bench has for it. */
  [size: string]: boolean | number | undefined;
}

const SIZE_FLAG = 'size';
/** More would be another experiment: what one engine holds is found elsewhere. */
const MAX_SIZE = 5_000;

function sizeUpTo(most: number): (text: string) => number {
  return (text) => {
    const size = Number(text);
    if (!Number.isInteger(size) || size < 1 || size > most) {
      throw new InvalidArgumentError(`must be a whole number from 1 to ${most}.`);
    }
    return size;
  };
}

/** Runs one bench, within its time limit. @returns the exit code. */
async function runBench(name: string, bench: Bench, flags: Flags): Promise<number> {
  const { json, quick } = flags;
  const size = flags[bench.sizeFlag ?? SIZE_FLAG];
  const interrupted = onInterrupt();
  const limitSeconds = quick ? bench.limitSeconds.quick : bench.limitSeconds.full;
  const limit = AbortSignal.timeout(limitSeconds * 1_000);
  try {
    const findings = await bench.run({
      quick,
      size: typeof size === 'number' ? size : undefined,
      progress: (line) => console.error(`  ${line}`),
      signal: AbortSignal.any([interrupted, limit]),
    });
    const result = benchResult(name, findings);
    console.log(json ? JSON.stringify(result) : renderResult(result));
    return result.ok ? 0 : FAILED_CODE;
  } catch (error) {
    if (interrupted.aborted) return INTERRUPTED_CODE;
    if (limit.aborted) {
      console.error(`Ended unfinished: its limit of ${limitSeconds} s has passed.`);
      return FAILED_CODE;
    }
    throw error;
  }
}

/** @returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  let code = 0;
  const program = new Command('yarn bench')
    .description(
      'Numbers with their conditions, compared within one run. Needs a build (yarn build).\n' +
        'Exits 0 where every figure keeps its reach, 1 where one misses it or the run fails, 2 on wrong usage.',
    )
    .exitOverride()
    .showHelpAfterError('(yarn bench --help says more)');
  for (const [name, bench] of Object.entries(benches)) {
    program
      .command(name)
      .summary(bench.summary)
      .description(bench.description)
      .option('--json', 'one JSON object on the last line instead of the table', false)
      .option('--quick', 'a small run: proves that the bench works, little else', false)
      .option(
        `--${bench.sizeFlag ?? SIZE_FLAG} <n>`,
        `how many ${bench.sizeUnit} instead of its own number`,
        sizeUpTo(bench.maxSize ?? MAX_SIZE),
      )
      .action(async (flags: Flags) => {
        code = await runBench(name, bench, flags);
      });
  }
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // What there is to say about it has been printed; `--help` and `help` carry 0.
    return error.exitCode === 0 ? 0 : USAGE_CODE;
  }
  return code;
}

main(process.argv.slice(2)).then(
  (code) => {
    // Not `process.exit`: the JSON line may still be on its way into a pipe.
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? (error.stack ?? error.message) : error);
    process.exitCode = FAILED_CODE;
  },
);
