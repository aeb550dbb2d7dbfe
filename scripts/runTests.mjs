// Runs the checks side by side, then the tests, and sums up. Each check that is not a test suite (format, lint, types)
// counts as one test, so that the closing line is the whole truth.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';

const jestArguments = process.argv.slice(2);
const bin = (name) => join('node_modules', '.bin', name);
const scratch = mkdtempSync(join(tmpdir(), 'hyperdx-tenancy-test-'));
const total = { passed: 0, failed: 0, skipped: 0 };
/** Name that says why -> tests skipped under it. */
const skips = new Map();

/** Runs a command; resolves with whether it went well, and, where it is not shown, with what it said. */
async function run(command, args, stdio) {
  const child = spawn(command, args, { stdio: ['inherit', stdio, stdio] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => (said += text));
  }
  try {
    const [status] = await once(child, 'close');
    return { fine: status === 0, said };
  } catch (error) {
    return { fine: false, said: `${said}${error.message}\n` };
  }
}

const secondsSince = (started) => Math.round((Date.now() - started) / 1000);

/** What it says is shown when it has ended: others run beside it. */
async function check(title, command, args) {
  const started = Date.now();
  const { fine, said } = await run(command, args, 'pipe');
  process.stdout.write(`\n==> ${title}\n${said}    ${title}: ${secondsSince(started)} s\n`);
  if (fine) total.passed += 1;
  else total.failed += 1;
}

async function suite(title, project, workers) {
  const outputFile = join(scratch, `${project}.json`);
  process.stdout.write(`\n==> ${title}\n`);
  const started = Date.now();
  const { fine, said } = await run(
    bin('jest'),
    [
      '--selectProjects',
      project,
      '--json',
      '--outputFile',
      outputFile,
      '--passWithNoTests',
      // A snapshot that is missing fails, instead of being written.
      '--ci',
      `--maxWorkers=${workers}`,
      ...(jestArguments.length > 0 ? ['--', ...jestArguments] : []),
    ],
    'inherit',
  );
  process.stdout.write(`${said}    ${title}: ${secondsSince(started)} s\n`);
  let result;
  try {
    result = JSON.parse(readFileSync(outputFile, 'utf8'));
  } catch {
    process.stdout.write(`${title}: jest left no result\n`);
    total.failed += 1;
    return;
  }
  total.passed += result.numPassedTests;
  // A suite that cannot even be loaded has no failed test: it counts as one.
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  total.failed += fine ? failed : Math.max(failed, 1);
  for (const { assertionResults } of result.testResults) {
    for (const { status, fullName, ancestorTitles } of assertionResults) {
      if (status !== 'pending' && status !== 'todo' && status !== 'disabled') continue;
      // A suite that is skipped as a whole has its reason in its own name, and is one line.
      const why = ancestorTitles.find((title) => title.includes('(needs ')) ?? fullName;
      skips.set(why, (skips.get(why) ?? 0) + 1);
    }
  }
  total.skipped += result.numPendingTests + result.numTodoTests;
}

const cores = availableParallelism();
if (jestArguments.length === 0) {
  await Promise.all([
    check('format', bin('prettier'), ['--check', '--log-level', 'warn', '.']),
    check('lint', bin('eslint'), ['.', '--max-warnings', '0']),
    check('types', bin('tsc'), ['-p', 'packages/tsconfig.check.json']),
  ]);
}
await suite('unit tests', 'unit', cores);
// Beside each worker are engines of its own, and they do most of the work: two workers are never too many.
const workers = Math.max(2, Math.floor(cores / 2));
await suite('integration tests (real engines)', 'int', workers);
await suite('end-to-end tests (the built API, real engines, real collectors)', 'e2e', workers);
// Collectors under load have the machine for themselves.
await suite('end-to-end tests under load, one at a time', 'load', 1);
rmSync(scratch, { recursive: true, force: true });

if (skips.size > 0) {
  const lines = [...skips].map(([why, count]) => `  ${count} x ${why}`);
  process.stdout.write(`\nskipped (the name says why):\n${lines.join('\n')}\n`);
}
const { passed, failed, skipped } = total;
process.stdout.write(
  `\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`,
);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
