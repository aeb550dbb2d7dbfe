/**
 * Variables of the bench's own servers: how many bytes the bare one answers with, where the teams are, which tenants there are (several,
 * whose names begin so: Linux takes 128 KiB in one).
 */
export const BARE_BYTES = 'BENCH_ANSWER_BYTES';
export const REBUILDING_MONGO = 'BENCH_MONGO_URI';
export const CLICKHOUSE_TENANTS = 'BENCH_TENANTS';
