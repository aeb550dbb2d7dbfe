const MIB = 1024 * 1024;

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

/** How much a collector takes in one request, and keeps for each queue. */
export interface Limits {
  /** Bytes of one queue, as OTLP counts them (in memory a record takes a small multiple). */
  readonly queueBytes: number;
  /** MiB of one request; gRPC's limit has no smaller unit. */
  readonly requestMiB: number;
  /** True where a queue cannot be twice the size of a request within its share of memory. */
  readonly crowded: boolean;
}

/**
 * Shares half of the collector's memory among all queues; the other half is for what is being received,
 * batched and sent. Queues on disk need no share.
 *
 * A request is at most half a queue: the bootstrap's `transform` may make a record larger after it was let
 * in, and an element larger than its queue is refused by the exporter as *retryable* (gRPC Unavailable,
 * HTTP 503), so that its sender would offer it again for ever. What the receiver refuses for its size is
 * final for the sender (gRPC ResourceExhausted, HTTP 400).
 */
export function limitsFor(input: {
  tenants: number;
  memoryLimitMiB: number;
  onDisk: boolean;
}): Limits {
  const queues = Math.max(input.tenants, 1) * QUEUES_PER_TENANT;
  const share = input.onDisk
    ? MAX_QUEUE_BYTES
    : Math.floor((input.memoryLimitMiB * MIB) / 2 / queues);
  const queueBytes = clamp(share, MIN_QUEUE_BYTES, MAX_QUEUE_BYTES);
  return {
    queueBytes,
    requestMiB: clamp(Math.floor(queueBytes / 2 / MIB), MIN_REQUEST_MIB, MAX_REQUEST_MIB),
    crowded: share < 2 * MIN_REQUEST_MIB * MIB,
  };
}

/** The limit of an HTTP body, in bytes. */
export function requestBytes(limits: Limits): number {
  return limits.requestMiB * MIB;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
