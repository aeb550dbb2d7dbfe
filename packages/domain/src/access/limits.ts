import { TenancyError } from '../errors';

/** What one query of a tenant may use. Every value is a whole number above 0: 0 is "no limit" to ClickHouse. */
export interface ReaderLimits {
  /** Seconds. At least 60, which HyperDX 2.36 asks for by itself: below, ClickHouse would refuse its queries. */
  maxExecutionSeconds: number;
  /** Bytes of memory of one query, and of all of the tenant's queries together. */
  maxMemoryBytes: number;
  maxUserMemoryBytes: number;
  /** Rows and bytes one query may read from each server. */
  maxRowsToRead: number;
  maxBytesToRead: number;
  maxResultRows: number;
  maxResultBytes: number;
  /** Queries of the tenant that run at once. A page of HyperDX sends about ten. */
  maxConcurrentQueries: number;
}

/** What one insert of a tenant may use; above 0 as well. */
export interface WriterLimits {
  maxExecutionSeconds: number;
  maxMemoryBytes: number;
  maxConcurrentQueries: number;
  /** A block of telemetry spans few days; one that spans many makes as many parts. ClickHouse's default is 100. */
  maxPartitionsPerInsert: number;
}

/**
 * The lengths of intervals, in seconds: a minute, an hour, a day. A fixed list, since altering a quota leaves intervals of
 * other lengths as they are: each of these is stated every time, as having no limits where it has none.
 */
export const quotaSeconds = [60, 3_600, 86_400] as const;

/** What a tenant may use within an interval, across queries; a limit that is left out is counted only. */
export interface QuotaInterval {
  seconds: (typeof quotaSeconds)[number];
  queries?: number;
  errors?: number;
  resultRows?: number;
  resultBytes?: number;
  readRows?: number;
  readBytes?: number;
  writtenBytes?: number;
  executionSeconds?: number;
}

const GIB = 1024 ** 3;

export const defaultReaderLimits: Readonly<ReaderLimits> = {
  maxExecutionSeconds: 60,
  maxMemoryBytes: 4 * GIB,
  maxUserMemoryBytes: 8 * GIB,
  maxRowsToRead: 20_000_000_000,
  maxBytesToRead: 2_000 * GIB,
  maxResultRows: 1_000_000,
  maxResultBytes: GIB,
  maxConcurrentQueries: 40,
};

export const defaultWriterLimits: Readonly<WriterLimits> = {
  maxExecutionSeconds: 60,
  maxMemoryBytes: 4 * GIB,
  maxConcurrentQueries: 40,
  maxPartitionsPerInsert: 100,
};

/** Usage by the hour is counted for everybody. */
export const defaultQuota: readonly QuotaInterval[] = [{ seconds: 3_600 }];

/** `max_execution_time` that HyperDX 2.36 sends when its team sets none. */
export const hyperdxQuerySeconds = 60;

/** @throws TenancyError `invalid_request` naming the first limit that is no whole number above 0. */
export function checkLimits(limits: ReaderLimits | WriterLimits): void {
  for (const [name, value] of Object.entries(limits) as [string, unknown][]) {
    checkPositive(name, value);
  }
}

/** @throws TenancyError `invalid_request` for a reader's time limit that HyperDX's own queries would exceed. */
export function checkReaderLimits(limits: ReaderLimits): void {
  checkLimits(limits);
  if (limits.maxExecutionSeconds < hyperdxQuerySeconds) {
    throw new TenancyError(
      'invalid_request',
      `maxExecutionSeconds: at least ${hyperdxQuerySeconds}, which HyperDX asks for.`,
    );
  }
}

/** @throws TenancyError `invalid_request` naming what is no whole number above 0, or stated twice. */
export function checkQuota(intervals: readonly QuotaInterval[]): void {
  for (const interval of intervals) {
    for (const [name, value] of Object.entries(interval) as [string, unknown][]) {
      if (value !== undefined) checkPositive(name, value);
    }
  }
  if (new Set(intervals.map(({ seconds }) => seconds)).size !== intervals.length) {
    throw new TenancyError('invalid_request', 'quota: two intervals of one length.');
  }
}

function checkPositive(name: string, value: unknown): void {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return;
  throw new TenancyError('invalid_request', `${name}: a whole number above 0.`);
}
