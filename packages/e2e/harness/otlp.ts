import { ID_ATTRIBUTE, OWNER_ATTRIBUTE, signals } from './signals';
import type { Signal } from './signals';

/** One record to send: what tells it from every other. */
export interface Sample {
  signal: Signal;
  id: string;
  /** Whose it is: the tenant under whose key it travels, or a word for nobody. */
  owner: string;
}

interface Attribute {
  key: string;
  value: { stringValue: string };
}

const attribute = (key: string, value: string): Attribute => ({
  key,
  value: { stringValue: value },
});

const nanos = (at: number): string => `${at}000000`;

function attributesOf({ id, owner }: Sample): Attribute[] {
  return [attribute(ID_ATTRIBUTE, id), attribute(OWNER_ATTRIBUTE, owner)];
}

function logRecord(sample: Sample, at: number): object {
  const replay = sample.signal === 'sessions';
  return {
    timeUnixNano: nanos(at),
    severityText: 'INFO',
    severityNumber: 9,
    body: { stringValue: replay ? '{"type":3}' : `record ${sample.id}` },
    attributes: [
      ...attributesOf(sample),
      // What HyperDX's browser SDK marks session replay events with.
      ...(replay
        ? [attribute('rr-web.event', '{"type":3}'), attribute('rr-web.session-id', sample.owner)]
        : []),
    ],
  };
}

/** 16 or 8 bytes of hexadecimal that no other record has. */
function hexId(text: string, bytes: number): string {
  const hex = Buffer.from(text).toString('hex');
  return hex.slice(-bytes * 2).padStart(bytes * 2, '0');
}

function span(sample: Sample, at: number): object {
  return {
    traceId: hexId(sample.id, 16),
    spanId: hexId(sample.id, 8),
    name: 'GET /',
    kind: 2,
    startTimeUnixNano: nanos(at - 5),
    endTimeUnixNano: nanos(at),
    status: { code: 1 },
    attributes: attributesOf(sample),
  };
}

/** Every data point has these; each kind adds its values. */
function dataPoint(sample: Sample, at: number, values: object): object {
  return {
    attributes: attributesOf(sample),
    startTimeUnixNano: nanos(at - 1_000),
    timeUnixNano: nanos(at),
    ...values,
  };
}

const CUMULATIVE = 2;

const metricKinds: Record<string, (sample: Sample, at: number) => object> = {
  gauge: (sample, at) => ({ gauge: { dataPoints: [dataPoint(sample, at, { asDouble: 0.5 })] } }),
  sum: (sample, at) => ({
    sum: {
      aggregationTemporality: CUMULATIVE,
      isMonotonic: true,
      dataPoints: [dataPoint(sample, at, { asDouble: 3 })],
    },
  }),
  histogram: (sample, at) => ({
    histogram: {
      aggregationTemporality: CUMULATIVE,
      dataPoints: [
        dataPoint(sample, at, {
          count: '3',
          sum: 6,
          bucketCounts: ['1', '2'],
          explicitBounds: [2],
          min: 1,
          max: 3,
        }),
      ],
    },
  }),
  exponentialHistogram: (sample, at) => ({
    exponentialHistogram: {
      aggregationTemporality: CUMULATIVE,
      dataPoints: [
        dataPoint(sample, at, {
          count: '3',
          sum: 6,
          scale: 1,
          zeroCount: '0',
          positive: { offset: 0, bucketCounts: ['1', '2'] },
          negative: { offset: 0, bucketCounts: [] },
          min: 1,
          max: 3,
        }),
      ],
    },
  }),
  summary: (sample, at) => ({
    summary: {
      dataPoints: [
        dataPoint(sample, at, {
          count: '3',
          sum: 6,
          quantileValues: [
            { quantile: 0.5, value: 2 },
            { quantile: 1, value: 3 },
          ],
        }),
      ],
    },
  }),
};

function metric(sample: Sample, at: number): object {
  const kind = metricKinds[sample.signal];
  if (!kind) throw new Error(`${sample.signal} is no metric`);
  return { name: `demo.${sample.signal}`, unit: '1', ...kind(sample, at) };
}

/** One OTLP/HTTP request. */
export interface OtlpRequest {
  route: string;
  body: string | Uint8Array;
  /** @default 'application/json' */
  contentType?: string;
  samples: readonly Sample[];
}

/**
 * The requests that carry some samples: one a route, so that logs and replay events travel together, as
 * do the metric kinds.
 * @param service value of `service.name`.
 */
export function otlpRequests(
  samples: readonly Sample[],
  service: string,
  at = Date.now(),
): OtlpRequest[] {
  const resource = { attributes: [attribute('service.name', service)] };
  const scope = { name: 'e2e', version: '1' };
  const of = (route: string): Sample[] =>
    samples.filter(({ signal }) => signals[signal].route === route);
  const all: [route: string, samples: Sample[], body: (samples: Sample[]) => object][] = [
    [
      '/v1/logs',
      of('/v1/logs'),
      (some) => ({
        resourceLogs: [
          { resource, scopeLogs: [{ scope, logRecords: some.map((s) => logRecord(s, at)) }] },
        ],
      }),
    ],
    [
      '/v1/traces',
      of('/v1/traces'),
      (some) => ({
        resourceSpans: [{ resource, scopeSpans: [{ scope, spans: some.map((s) => span(s, at)) }] }],
      }),
    ],
    [
      '/v1/metrics',
      of('/v1/metrics'),
      (some) => ({
        resourceMetrics: [
          { resource, scopeMetrics: [{ scope, metrics: some.map((s) => metric(s, at)) }] },
        ],
      }),
    ],
  ];
  return all.flatMap(([route, some, body]) =>
    some.length === 0 ? [] : [{ route, body: JSON.stringify(body(some)), samples: some }],
  );
}
