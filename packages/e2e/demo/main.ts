import { once } from 'node:events';

import { Command, InvalidArgumentError } from 'commander';

import { INTERRUPTED_CODE, onInterrupt } from './interrupt';
import { printResult, printWayOn } from './print';
import { demoResult, runDemo } from './run';
import { startDemoStack } from './stack';

interface Options {
  once: boolean;
  json: boolean;
  tenants: number;
}

/** What one supervised collector and the embedded engine were seen to serve exactly on two cores. */
const MAX_TENANTS = 100;

function tenantCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > MAX_TENANTS) {
    throw new InvalidArgumentError(`must be a whole number from 1 to ${MAX_TENANTS}.`);
  }
  return count;
}

// What the options mean is said by scripts/demo alone, which answers --help without a build.
const program = new Command('scripts/demo')
  .helpOption(false)
  .option('--once', '', false)
  .option('--json', '', false)
  .option('--tenants <n>', '', tenantCount, 3)
  .showHelpAfterError('(scripts/demo --help says more)');

function progress(line: string): void {
  console.error(`  ${line}`);
}

async function demonstrate(options: Options, interrupted: AbortSignal): Promise<number> {
  const stack = await startDemoStack(progress, interrupted);
  try {
    const report = await runDemo(stack, options.tenants, progress, interrupted);
    if (options.json) console.log(JSON.stringify(demoResult(report)));
    else printResult(report);
    if (options.once) return report.ok ? 0 : 1;
    if (!options.json) printWayOn(report, stack);
    if (!interrupted.aborted) await once(interrupted, 'abort');
    return 0;
  } finally {
    progress('stopping');
    await stack.stop();
  }
}

async function main(options: Options): Promise<number> {
  const interrupted = onInterrupt();
  try {
    return await demonstrate(options, interrupted);
  } catch (error) {
    if (interrupted.aborted) return INTERRUPTED_CODE;
    throw error;
  }
}

main(program.parse().opts<Options>()).then(
  (code) => {
    // Not `process.exit`: the JSON line may still be on its way into a pipe.
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error instanceof Error ? (error.stack ?? error.message) : error);
    process.exitCode = 1;
  },
);
