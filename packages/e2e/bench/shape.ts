import Table from 'cli-table3';

/** What a figure must keep to; a bench whose figure does not ends with exit code 1. */
export type Reach = { atMost: number } | { atLeast: number };

/** One number that a bench found. */
export interface Figure {
  name: string;
  /** `NaN` where there was nothing to compute it from: then no reach is met. */
  value: number;
  /** `ms`, `KB`, `x` (a ratio), ... */
  unit: string;
  reach?: Reach;
}

/** What the numbers hold for: the machine, the versions, the size of the run. */
export type Conditions = Record<string, string | number>;

export interface Findings {
  conditions: Conditions;
  figures: readonly Figure[];
}

/** What every bench is given. */
export interface BenchOptions {
  /** A run of a minute or so that exercises everything and proves little. */
  quick: boolean;
  /** How much to do instead of what `quick` says; its unit is the bench's ({@link Bench.sizeUnit}). */
  size?: number | undefined;
  /** Told what is being done. */
  progress: (line: string) => void;
  /** Aborts at Ctrl-C and at the bench's time limit: the bench stops what it started and throws. */
  signal: AbortSignal;
}

export interface Bench {
  /** One line for the list of benches. */
  summary: string;
  /** What it does and how long that takes, for `--help`. */
  description: string;
  /** What a run's size counts. */
  sizeUnit: string;
  /** The name of the option that sets it. @default 'size' */
  sizeFlag?: string;
  /** The largest that makes sense. @default 5,000 */
  maxSize?: number;
  /** Seconds after which a run is ended. */
  limitSeconds: { full: number; quick: number };
  run(options: BenchOptions): Promise<Findings>;
}

/** A figure as it is printed with `--json`. */
export interface FigureResult {
  name: string;
  /** `null` where there is no number. */
  value: number | null;
  unit: string;
  /** `<= 1.3` or `>= 10`; absent for a figure that informs only. */
  reach?: string;
  met?: boolean;
}

/** The object that `--json` prints. */
export interface BenchResult {
  bench: string;
  conditions: Conditions;
  figures: FigureResult[];
  /** Whether every reach is met. */
  ok: boolean;
}

/** The value that a share of `values` (0 to 1) does not exceed, by the nearest rank; `NaN` of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.min(Math.max(Math.ceil(share * sorted.length), 1), sorted.length);
  return sorted[rank - 1] ?? NaN;
}

export const p95 = (values: readonly number[]): number => percentile(values, 0.95);

/** The middle value, the mean of the middle two; `NaN` of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const high = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  const low = sorted[Math.ceil(sorted.length / 2) - 1] ?? NaN;
  return (low + high) / 2;
}

/** `a / b`; `NaN` where that says nothing. */
export function ratio(a: number, b: number): number {
  return b === 0 ? NaN : a / b;
}

/** A number as people compare it: three digits that count, and no fewer before the point. */
function rounded(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}

function isMet(value: number, reach: Reach): boolean {
  // Judged as measured, not as printed. Every comparison with NaN is false.
  return 'atMost' in reach ? value <= reach.atMost : value >= reach.atLeast;
}

function judged({ name, value, unit, reach }: Figure): FigureResult {
  const result = { name, value: Number.isFinite(value) ? rounded(value) : null, unit };
  if (reach === undefined) return result;
  return {
    ...result,
    reach: 'atMost' in reach ? `<= ${reach.atMost}` : `>= ${reach.atLeast}`,
    met: isMet(value, reach),
  };
}

/** Holds what a bench found against what it should reach. */
export function benchResult(bench: string, { conditions, figures }: Findings): BenchResult {
  const results = figures.map(judged);
  return { bench, conditions, figures: results, ok: results.every(({ met }) => met !== false) };
}

/** The result for people. */
export function renderResult({ bench, conditions, figures, ok }: BenchResult): string {
  const table = new Table({
    head: [bench, 'value', 'unit', 'reach', ''],
    style: { head: [], border: [] },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
    colAligns: ['left', 'right', 'left', 'left', 'left'],
  });
  for (const { name, value, unit, reach, met } of figures) {
    table.push([
      name,
      value === null ? '-' : String(value),
      unit,
      reach ?? '',
      met === undefined ? '' : met ? 'met' : 'MISSED',
    ]);
  }
  return [
    table.toString(),
    ...Object.entries(conditions).map(([name, value]) => `${name}: ${value}`),
    ok ? 'Every reach is met.' : 'SOME REACH IS MISSED.',
  ].join('\n');
}
