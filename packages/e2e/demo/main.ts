import { once } from 'node:events';

import { Command, InvalidArgumentError } from 'commander';

import { printResult, printWayOn } from './print';
import { runDemo, startDemoStack } from './run';

interface Options {
  once: boolean;
  json: boolean;
  tenants: number;
}

/** What one supervised collector on a small machine carries comfortably. */
const MAX_TENANTS = 100;

function tenantCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > MAX_TENANTS) {
    throw new InvalidArgumentError(`must be a whole number from 1 to ${MAX_TENANTS}.`);
  }
  return count;
}

const program = new Command('scripts/demo')
  .description(
    'Starts ClickHouse, MongoDB, the API and a collector under its OpAMP supervisor, creates tenants, ' +
      'sends telemetry under their keys and under wrong ones, and shows whose rows are where.',
  )
  .option('--once', 'exit after the table; non-zero if any number is off', false)
  .option('--json', 'print one JSON object on the last line instead of the table', false)
  .option('--tenants <n>', 'how many tenants', tenantCount, 3);

function progress(line: string): void {
  console.error(`  ${line}`);
}

async function main({ once: exitAfter, json, tenants }: Options): Promise<number> {
  const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]).then(
    () => 'interrupted' as const,
  );
  const stack = await startDemoStack(progress);
  try {
    const result = await Promise.race([runDemo(stack, tenants, progress), interrupted]);
    if (result === 'interrupted') return 130;
    if (json) console.log(JSON.stringify(result));
    else printResult(result);
    if (exitAfter) return result.ok ? 0 : 1;
    if (!json) printWayOn(result, stack);
    await interrupted;
    return 0;
  } finally {
    progress('stopping');
    await stack.stop();
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
