import { Counter, Gauge, Histogram, Registry } from 'prom-client';

import { metricKinds, OTHER } from './kinds';
import type { Labels, MetricKind, MetricName, NameOf } from './kinds';
import { processMetrics } from './processMetrics';

const PREFIX = 'hyperdx_tenancy_';

/** Series of a metric that exist from the start where they are this few: a rate then sees the first event, too. */
const INITIAL_SERIES = 32;

type Instrument = Counter | Gauge | Histogram;
type Values = Readonly<Record<string, string>>;

/** The name under which Prometheus knows a metric. */
export function fullName(name: MetricName): string {
  return PREFIX + name;
}

/** All combinations of the values of some labels. */
function combinations(labels: MetricKind['labels']): Values[] {
  return Object.entries(labels).reduce<Values[]>(
    (made, [label, values]) =>
      made.flatMap((rest) => values.map((value) => ({ ...rest, [label]: value }))),
    [{}],
  );
}

function seriesOf(labels: MetricKind['labels']): number {
  return Object.values(labels).reduce((product, values) => product * values.length, 1);
}

function makeInstrument(name: MetricName, kind: MetricKind, registry: Registry): Instrument {
  const labelNames = Object.keys(kind.labels);
  const config = { name: fullName(name), help: kind.help, labelNames, registers: [registry] };
  const initial = seriesOf(kind.labels) <= INITIAL_SERIES ? combinations(kind.labels) : [];
  switch (kind.type) {
    case 'counter': {
      const counter = new Counter(config);
      for (const values of initial) counter.inc(values, 0);
      return counter;
    }
    case 'histogram': {
      const histogram = new Histogram({ ...config, buckets: [...(kind.buckets ?? [])] });
      for (const values of initial) histogram.zero(values);
      return histogram;
    }
    case 'gauge':
      return new Gauge(config);
  }
}

/**
 * The metrics of one server, in a registry of its own: several servers of one process do not add to each other's.
 * Only values that {@link metricKinds} lists become labels; any other is counted as `other`, so that the number
 * of series has a bound whatever clients and agents send.
 */
export class Metrics {
  private readonly registry = new Registry();
  private readonly instruments = new Map<MetricName, Instrument>();
  private readonly allowed = new Map<MetricName, ReadonlyMap<string, ReadonlySet<string>>>();
  private readonly sources: (() => Promise<void> | void)[] = [];
  private rendering: Promise<string> | undefined;

  constructor() {
    for (const [name, kind] of Object.entries(metricKinds) as [MetricName, MetricKind][]) {
      this.instruments.set(name, makeInstrument(name, kind, this.registry));
      const labels = Object.entries(kind.labels);
      this.allowed.set(name, new Map(labels.map(([label, values]) => [label, new Set(values)])));
    }
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** Counts something that happened. */
  count<Name extends NameOf<'counter'>>(name: Name, labels: Labels<Name>, by = 1): void {
    this.instrument(name, Counter).inc(this.bounded(name, labels), by);
  }

  /** Adds a value, in the unit of its name, to a distribution. */
  observe<Name extends NameOf<'histogram'>>(name: Name, labels: Labels<Name>, value: number): void {
    this.instrument(name, Histogram).observe(this.bounded(name, labels), value);
  }

  /** States how much of something there is now; `undefined`: that it is not known. */
  set<Name extends NameOf<'gauge'>>(
    name: Name,
    labels: Labels<Name>,
    value: number | undefined,
  ): void {
    const gauge = this.instrument(name, Gauge);
    const values = this.bounded(name, labels);
    if (value === undefined) gauge.remove(values);
    else gauge.set(values, value);
  }

  /** Changes how much of something there is. */
  add<Name extends NameOf<'gauge'>>(name: Name, labels: Labels<Name>, by: number): void {
    this.instrument(name, Gauge).inc(this.bounded(name, labels), by);
  }

  /**
   * Counts one series of what happens so often that even looking at its labels would be felt: the number is added up, and
   * handed on with the next scrape.
   */
  counter<Name extends NameOf<'counter'>>(name: Name, labels: Labels<Name>): () => void {
    const counter = this.instrument(name, Counter);
    const values = this.bounded(name, labels);
    let counted = 0;
    this.beforeScrape(() => {
      counter.inc(values, counted);
      counted = 0;
    });
    return () => {
      counted += 1;
    };
  }

  /** One series of a distribution, its labels looked at once. */
  histogram<Name extends NameOf<'histogram'>>(
    name: Name,
    labels: Labels<Name>,
  ): (value: number) => void {
    const histogram = this.instrument(name, Histogram);
    const values = this.bounded(name, labels);
    return (value) => histogram.observe(values, value);
  }

  /** Has something done before each scrape: for what is asked for rather than counted. It must not throw. */
  beforeScrape(source: () => Promise<void> | void): void {
    this.sources.push(source);
  }

  /** All metrics in Prometheus' text format, those of the process included. Scrapes at once share one rendering. */
  render(): Promise<string> {
    this.rendering ??= this.renderNow().finally(() => (this.rendering = undefined));
    return this.rendering;
  }

  private async renderNow(): Promise<string> {
    await Promise.all(this.sources.map(async (source) => source()));
    const texts = await Promise.all([this.registry.metrics(), processMetrics().metrics()]);
    return texts.join('\n');
  }

  private bounded(name: MetricName, labels: object): Values {
    const allowed = this.allowed.get(name);
    const given = Object.entries(labels) as [string, string][];
    return Object.fromEntries(
      given.map(([label, value]) => [
        label,
        allowed?.get(label)?.has(value) === true ? value : OTHER,
      ]),
    );
  }

  private instrument<Kind extends Instrument>(
    name: MetricName,
    type: new (...args: never[]) => Kind,
  ): Kind {
    const found = this.instruments.get(name);
    if (found instanceof type) return found;
    throw new Error(`There is no such ${type.name}: ${name}`);
  }
}

/** Seconds since a reading of `process.hrtime.bigint()`. */
export function secondsSince(start: bigint): number {
  return Number(process.hrtime.bigint() - start) / 1e9;
}
