/** Variables of the servers that ours is compared with: how many bytes the bare one answers with, and where the teams are. */
export const BARE_BYTES = 'BENCH_ANSWER_BYTES';
export const REBUILDING_MONGO = 'BENCH_MONGO_URI';
