/** One sample of Prometheus' text format. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A collector's own metrics at one moment. */
export interface CollectorMetrics {
  readonly samples: readonly Sample[];
  /**
   * The sum of a metric over the series that carry all of `labels`; 0 where there are none, since a counter appears with its first
   * count. The name may leave out the `_total` of counters, which collectors of different versions do and do not write.
   */
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
}

const samplePattern = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+\d+)?$/;
const labelPattern = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;
const escapes: Readonly<Record<string, string>> = { n: '\n', '"': '"', '\\': '\\' };

function parseLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(labelPattern)) {
    labels[name] = value.replace(/\\(.)/g, (whole, char: string) => escapes[char] ?? whole);
  }
  return labels;
}

function parseValue(text: string): number {
  if (text === '+Inf') return Infinity;
  if (text === '-Inf') return -Infinity;
  return Number(text);
}

/** Reads Prometheus' text format; comments and what is not a sample are passed over. */
export function parseMetrics(text: string): CollectorMetrics {
  const samples: Sample[] = [];
  for (const line of text.split('\n')) {
    const match = samplePattern.exec(line.trim());
    if (line.startsWith('#') || !match) continue;
    const [, name = '', labels = '', value = ''] = match;
    samples.push({ name, labels: parseLabels(labels), value: parseValue(value) });
  }
  return {
    samples,
    sum(name, labels = {}) {
      const wanted = Object.entries(labels);
      return samples
        .filter((sample) => sample.name === name || sample.name === `${name}_total`)
        .filter((sample) => wanted.every(([key, value]) => sample.labels[key] === value))
        .reduce((total, { value }) => total + value, 0);
    },
  };
}

/**
 * Fetches the metrics that a collector on this machine tells about itself.
 *
 * @throws Error when it does not answer within five seconds.
 */
export async function collectorMetrics(port: number): Promise<CollectorMetrics> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, {
    signal: AbortSignal.timeout(5_000),
  });
  if (!response.ok) throw new Error(`the collector's metrics answered ${response.status}`);
  return parseMetrics(await response.text());
}
