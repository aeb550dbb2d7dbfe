// Runs the checks one after another and sums up. Each check that is not a test suite (format, lint, types)
// counts as one test, so that the closing line is the whole truth.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const jestArguments = process.argv.slice(2);
const bin = (name) => join('node_modules', '.bin', name);
const scratch = mkdtempSync(join(tmpdir(), 'hyperdx-tenancy-test-'));
const total = { passed: 0, failed: 0, skipped: 0 };
/** Name that says why -> tests skipped under it. */
const skips = new Map();

function run(title, command, args) {
  process.stdout.write(`\n==> ${title}\n`);
  const started = Date.now();
  const { status, signal, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (error) process.stderr.write(`${error.message}\n`);
  process.stdout.write(`    ${title}: ${Math.round((Date.now() - started) / 1000)} s\n`);
  return status === 0 && !signal;
}

function check(title, command, args) {
  if (run(title, command, args)) total.passed += 1;
  else total.failed += 1;
}

function suite(title, projects, args) {
  const outputFile = join(scratch, `${projects.join('-')}.json`);
  const fine = run(title, bin('jest'), [
    '--selectProjects',
    ...projects,
    '--json',
    '--outputFile',
    outputFile,
    '--passWithNoTests',
    // A snapshot that is missing fails, instead of being written.
    '--ci',
    ...args,
    ...(jestArguments.length > 0 ? ['--', ...jestArguments] : []),
  ]);
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

if (jestArguments.length === 0) {
  check('format', bin('prettier'), ['--check', '--log-level', 'warn', '.']);
  check('lint', bin('eslint'), ['.', '--max-warnings', '0']);
  check('types', bin('tsc'), ['-p', 'packages/tsconfig.check.json']);
}
suite('unit tests', ['unit'], []);
suite('integration tests (real engines)', ['int'], ['--maxWorkers=2']);
suite('end-to-end tests (the built API, real engines, real collectors)', ['e2e'], ['--runInBand']);
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
