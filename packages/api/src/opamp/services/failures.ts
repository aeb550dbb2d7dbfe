/** What the supervisor (0.149) says where its collector was not healthy within `config_apply_timeout`; it may be a moment later. */
const TIMED_OUT = /config apply timeout/i;

/**
 * What it says where its collector ended by itself, here with the code of a Go program that panicked. One that cannot run its
 * config ends with 1.
 */
const CRASHED = /exited unexpectedly.*\bexit code[ =]2\b/i;

/** Whether that was said of a slow start. */
export const isTimeout = (error: string): boolean => TIMED_OUT.test(error);

/**
 * What it says where its collector ended in good order, as when it was stopped for the next config while it was still starting
 * with this one.
 */
const STOPPED = /exited unexpectedly.*\bexit code[ =]0\b/i;

/** Whether an agent's error tells of no more than a slow start, or of one that was broken off. */
export const isInconclusive = (error: string): boolean => isTimeout(error) || STOPPED.test(error);

/** What is said of a collector that was not healthy for so long. */
export const unhealthyFor = (ms: number): string =>
  `The collector was unhealthy for ${ms / 1_000} seconds.`;

const UNHEALTHY = /^The collector was unhealthy for \d+ seconds\.$/;

/**
 * Whether a collector failed by nothing but not being there in time: so does one whose ClickHouse takes connections and never
 * answers, whatever its config.
 */
export const isSlow = (reason: string): boolean => isInconclusive(reason) || UNHEALTHY.test(reason);

/** Whether an agent's error tells of a collector that crashed, for whatever reason of its own. */
export const isCrash = (error: string): boolean => CRASHED.test(error);
