import { z } from 'zod';

import { hyperdxQuerySeconds, quotaSeconds } from '../access/limits';
import type { QuotaInterval, ReaderLimits, WriterLimits } from '../access/limits';
import { maxRetentionHours } from '../tables/context';
import type { Partitioning, Retention } from '../tables/context';

/** Everything that can be set for a tenant, with a value for each: what is in force. */
export interface Settings {
  /** Hours that rows are kept, by signal. */
  retentionHours: Retention;
  /** Of its tables, from the moment they are made. */
  partitioning: Partitioning;
  /** What one query may use. */
  reader: ReaderLimits;
  /** What one insert may use. */
  writer: WriterLimits;
  /** What may be used in a minute, an hour, a day. */
  quota: { reader: readonly QuotaInterval[]; writer: readonly QuotaInterval[] };
}

const positive = z
  .int('must be a whole number')
  .min(1, 'must be at least 1: 0 would mean no limit');
const hours = positive.max(maxRetentionHours, `must be at most ${maxRetentionHours} (50 years)`);
const querySeconds = positive.min(
  hyperdxQuerySeconds,
  `must be at least ${hyperdxQuerySeconds}, which HyperDX asks for`,
);

const interval = z.strictObject({
  seconds: z.literal(quotaSeconds, `must be one of ${quotaSeconds.join(', ')}`),
  queries: positive.optional(),
  errors: positive.optional(),
  resultRows: positive.optional(),
  resultBytes: positive.optional(),
  readRows: positive.optional(),
  readBytes: positive.optional(),
  writtenBytes: positive.optional(),
  executionSeconds: positive.optional(),
});
const intervals = z
  .array(interval)
  .min(1, 'must name an interval')
  .refine(
    (all) => new Set(all.map(({ seconds }) => seconds)).size === all.length,
    'must not name an interval twice',
  );

/** The leaves: group, setting, what it may be. Every schema of settings is made from this table. */
const shape = {
  retentionHours: { logs: hours, traces: hours, sessions: hours, metrics: hours },
  reader: {
    maxExecutionSeconds: querySeconds,
    maxMemoryBytes: positive,
    maxUserMemoryBytes: positive,
    maxRowsToRead: positive,
    maxBytesToRead: positive,
    maxResultRows: positive,
    maxResultBytes: positive,
    maxConcurrentQueries: positive,
  } satisfies Record<keyof ReaderLimits, z.ZodType>,
  writer: {
    maxExecutionSeconds: positive,
    maxMemoryBytes: positive,
    maxConcurrentQueries: positive,
    maxPartitionsPerInsert: positive,
  } satisfies Record<keyof WriterLimits, z.ZodType>,
  quota: { reader: intervals, writer: intervals },
};
const partitioning = z.enum(['day', 'week', 'month']);

/** What a plan states, or a tenant overrides: only what differs, and nothing unknown. */
export const SettingsOverride = z.strictObject({
  retentionHours: z.strictObject(shape.retentionHours).partial().optional(),
  partitioning: partitioning.optional(),
  reader: z.strictObject(shape.reader).partial().optional(),
  writer: z.strictObject(shape.writer).partial().optional(),
  quota: z.strictObject(shape.quota).partial().optional(),
});
export type SettingsOverride = z.infer<typeof SettingsOverride>;

const removable = <T extends z.ZodType>(schema: T) => schema.nullish();

/**
 * A change of overrides, as a JSON merge patch (RFC 7396): what is left out stays, `null` takes the override away. The
 * partitioning of tables that exist cannot be changed, so it is not among them.
 */
export const SettingsPatch = z.strictObject({
  retentionHours: removable(
    z.strictObject({
      logs: removable(hours),
      traces: removable(hours),
      sessions: removable(hours),
      metrics: removable(hours),
    }),
  ),
  reader: removable(
    z.strictObject({
      maxExecutionSeconds: removable(querySeconds),
      maxMemoryBytes: removable(positive),
      maxUserMemoryBytes: removable(positive),
      maxRowsToRead: removable(positive),
      maxBytesToRead: removable(positive),
      maxResultRows: removable(positive),
      maxResultBytes: removable(positive),
      maxConcurrentQueries: removable(positive),
    }),
  ),
  writer: removable(
    z.strictObject({
      maxExecutionSeconds: removable(positive),
      maxMemoryBytes: removable(positive),
      maxConcurrentQueries: removable(positive),
      maxPartitionsPerInsert: removable(positive),
    }),
  ),
  quota: removable(z.strictObject({ reader: removable(intervals), writer: removable(intervals) })),
});
export type SettingsPatch = z.infer<typeof SettingsPatch>;
