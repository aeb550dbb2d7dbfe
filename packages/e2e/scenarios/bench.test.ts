import { benchResult, median, p95, percentile, ratio, renderResult } from '../bench/shape';
import { expectAllEnded, expectJudged, Result, runBench } from './benchRuns';
import type { BenchOutcome } from './benchRuns';

describe('bench provisioning --quick --json', () => {
  let outcome: BenchOutcome;

  beforeAll(async () => {
    outcome = await runBench('provisioning', '--quick', '--json', '--size', '6');
  }, 260_000);

  it('prints its result, and nothing else, on stdout', () => {
    const result = Result.parse(JSON.parse(outcome.stdout));
    expect(result.bench).toBe('provisioning');
    expect(result.conditions).toMatchObject({
      cpu: expect.any(String) as string,
      cores: expect.any(Number) as number,
      node: process.version,
      engine: expect.stringMatching(/^ClickHouse \d+\.\d+/) as string,
      tenants: 6,
      // 14 or so objects and five document writes.
      floorRoundTrips: expect.any(Number) as number,
    });
  });

  it('finds a number for every figure, and judges those with a reach', () => {
    expectJudged(outcome, [
      'one at a time / floor (median of blocks)',
      'one at a time, p95 of the last / of the first',
      "API's memory, growth per tenant",
      "reader's p95 one at a time / before",
      "reader's p95 8 at a time / before",
    ]);
  });

  it('leaves no process behind', async () => {
    // ClickHouse, MongoDB and the API at least.
    await expectAllEnded(outcome, 3);
  });
});

describe('the command line', () => {
  it.each([
    { args: [], says: 'Usage: yarn bench' },
    { args: ['no-such-bench'], says: "unknown command 'no-such-bench'" },
    { args: ['provisioning', '--fast'], says: "unknown option '--fast'" },
    { args: ['provisioning', 'more'], says: 'too many arguments' },
    { args: ['provisioning', '--size', 'many'], says: 'whole number from 1 to' },
    { args: ['provisioning', '--size', '0'], says: 'whole number from 1 to' },
    { args: ['opamp', '--agents', '25001'], says: 'whole number from 1 to 25000' },
    { args: ['opamp', '--size', '5'], says: "unknown option '--size'" },
  ])('refuses $args with 2', async ({ args, says }) => {
    const { code, stdout, stderr } = await runBench(...args);
    expect(stderr).toContain(says);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  it.each([
    ...['provisioning', 'ingest', 'scale', 'gateway', 'collector', 'opamp'].flatMap((bench) => [
      { args: ['--help'], says: bench },
      { args: [bench, '--help'], says: 'ended after' },
    ]),
  ])('answers $args with 0', async ({ args, says }) => {
    const { code, stdout } = await runBench(...args);
    expect(stdout).toContain(says);
    expect(code).toBe(0);
  });
});

describe('the shape of a result', () => {
  it('takes percentiles by the nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(p95(hundred)).toBe(95);
    expect(percentile(hundred, 0)).toBe(1);
    expect(percentile(hundred, 1)).toBe(100);
    expect(percentile([7], 0.95)).toBe(7);
    expect(percentile([], 0.95)).toBeNaN();
  });

  it('takes medians and ratios', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
    expect(ratio(3, 2)).toBe(1.5);
    expect(ratio(3, 0)).toBeNaN();
  });

  it.each([
    { value: 1.3, reach: { atMost: 1.3 }, met: true },
    // Shown as 1.3, and yet too much.
    { value: 1.3004, reach: { atMost: 1.3 }, met: false },
    { value: 10, reach: { atLeast: 10 }, met: true },
    { value: 9.9, reach: { atLeast: 10 }, met: false },
    { value: NaN, reach: { atMost: 1 }, met: false },
    { value: NaN, reach: { atLeast: 1 }, met: false },
  ])('judges $value against $reach: $met', ({ value, reach, met }) => {
    const result = benchResult('b', {
      conditions: {},
      figures: [
        { name: 'judged', value, unit: 'x', reach },
        { name: 'informs only', value: 99, unit: 'x' },
      ],
    });
    expect(result.figures[0]?.met).toBe(met);
    expect(result.figures[1]).toEqual({ name: 'informs only', value: 99, unit: 'x' });
    expect(result.ok).toBe(met);
  });

  it('rounds what it prints, and prints no number where there is none', () => {
    const { figures } = benchResult('b', {
      conditions: {},
      figures: [1234.5, 0.012345, -55.55, NaN].map((value) => ({ name: 'n', value, unit: 'x' })),
    });
    expect(figures.map(({ value }) => value)).toEqual([1235, 0.0123, -55.5, null]);
  });

  it('shows people every figure, its reach and the conditions', () => {
    const text = renderResult(
      benchResult('b', {
        conditions: { node: 'v20' },
        figures: [{ name: 'speed', value: 2, unit: 'x', reach: { atMost: 1 } }],
      }),
    );
    for (const part of ['speed', '<= 1', 'MISSED', 'node: v20', 'SOME REACH IS MISSED.']) {
      expect(text).toContain(part);
    }
  });
});
