export const MIB = 1024 * 1024;

/** Tenants in one shared config. More start slowly (500 take 6 s) and share memory too thinly. */
export const SHARD_TENANTS = 250;

/** MiB; the `memory_limiter` of HyperDX's bootstrap file refuses data from here on. */
export const DEFAULT_MEMORY_LIMIT_MIB = 1500;

/** A tenant's exporters have one queue for each of logs, session replays, traces and metrics. */
const QUEUES_PER_TENANT = 4;

const MAX_QUEUE_BYTES = 64 * MIB;
const MIN_QUEUE_BYTES = MIB;
const MAX_REQUEST_MIB = 16;
const MIN_REQUEST_MIB = 1;
/** Records that are written at once; ClickHouse's documentation asks for 10,000 to 100,000 rows an INSERT. */
const MAX_BATCH_RECORDS = 10_000;
/** What a record is taken to have, of OTLP's bytes, where a batch is measured against its queue. */
const RECORD_BYTES = 512;

/** How much a collector takes in one request, and keeps for each queue. */
export interface Limits {
  /** Bytes of one queue, as OTLP counts them (in memory a record takes a small multiple). */
  readonly queueBytes: number;
  /** MiB of one request; gRPC's limit has no smaller unit. */
  readonly requestMiB: number;
  /** Records that are written as soon as so many are gathered. */
  readonly batchRecords: number;
  /** True where a queue cannot be twice the size of a request. */
  readonly crowded: boolean;
  /** True where the queues, if all were full, take more than half of the memory. */
  readonly overcommitted: boolean;
}

/**
 * Shares half of the collector's memory among all queues; the other half is for what is being received,
 * batched and sent. Queues on disk need no share.
 *
 * A request is at most half a queue: the bootstrap's `transform` may make a record larger after it was let
 * in, and an element larger than its queue is refused by the exporter as *retryable* (gRPC Unavailable,
 * HTTP 503), so that its sender would offer it again for ever. What the receiver refuses for its size is
 * final for the sender (gRPC ResourceExhausted, HTTP 400).
 *
 * A batch is a quarter of its queue: records count against the queue until they are written, so that one which is never
 * full before its queue is would be written by the clock alone, and let in no more than a queue a second.
 */
export function limitsFor(input: {
  tenants: number;
  memoryLimitMiB: number;
  onDisk: boolean;
  /** What an operator wants instead of a share. */
  queueMiB?: number | undefined;
}): Limits {
  const { memoryLimitMiB, onDisk, queueMiB } = input;
  const queues = Math.max(input.tenants, 1) * QUEUES_PER_TENANT;
  const memory = Math.floor((memoryLimitMiB * MIB) / 2);
  const share = onDisk ? MAX_QUEUE_BYTES : Math.floor(memory / queues);
  const queueBytes =
    queueMiB === undefined ? clamp(share, MIN_QUEUE_BYTES, MAX_QUEUE_BYTES) : queueMiB * MIB;
  return {
    queueBytes,
    requestMiB: clamp(Math.floor(queueBytes / 2 / MIB), MIN_REQUEST_MIB, MAX_REQUEST_MIB),
    batchRecords: Math.min(Math.floor(queueBytes / 4 / RECORD_BYTES), MAX_BATCH_RECORDS),
    crowded: (queueMiB === undefined ? share : queueBytes) < 2 * MIN_REQUEST_MIB * MIB,
    overcommitted: !onDisk && queueBytes * queues > memory,
  };
}

/** The limit of an HTTP body, in bytes. */
export function requestBytes(limits: Limits): number {
  return limits.requestMiB * MIB;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
