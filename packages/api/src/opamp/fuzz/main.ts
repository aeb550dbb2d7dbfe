import { parseArgs } from 'node:util';

import { fuzz, FuzzFailure } from './run';

/** `yarn fuzz --cases 1000000 --seed 7 [--json]`: exits with 1 where something came up. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      cases: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
      json: { type: 'boolean', default: false },
    },
  });
  const cases = Number(values.cases);
  const seed = Number(values.seed);
  if (!Number.isSafeInteger(cases) || cases < 1)
    throw new TypeError('--cases: a number from 1 on.');
  if (!Number.isSafeInteger(seed) || seed < 0) throw new TypeError('--seed: a number from 0 on.');
  const began = Date.now();
  const result = await fuzz({
    cases,
    seed,
    progress: (done) => void process.stderr.write(`\r${done} of ${cases} cases, seed ${seed}`),
  });
  process.stderr.write('\n');
  const seconds = (Date.now() - began) / 1_000;
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ ...result, seconds })}\n`);
    return;
  }
  const { answered, offered, refused } = result.verdicts;
  process.stdout.write(
    [
      `${cases} cases in ${seconds.toFixed(0)} s, seed ${seed}: nothing came up.`,
      `answered ${answered}, with a config ${offered}, refused ${refused}`,
      `through a real server: HTTP ${result.http}, WebSocket ${result.websocket}`,
      `agents at most ${result.agents}, heap growth ${(result.heapGrowthBytes / 2 ** 20).toFixed(1)} MiB,`,
      `slowest message ${result.slowestMs.toFixed(1)} ms`,
      '',
    ].join('\n'),
  );
}

main().catch((error: unknown) => {
  const text = error instanceof FuzzFailure ? error.message : String(error);
  process.stderr.write(`\n${text}\n`);
  process.exitCode = 1;
});
