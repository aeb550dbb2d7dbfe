/** What the supervisor (0.149) says where its collector was not healthy within `config_apply_timeout`; it may be a moment later. */
const TIMED_OUT = /config apply timeout/i;

/**
 * What it says where its collector ended by itself, here with the code of a Go program that panicked. One that cannot run its
 * config ends with 1.
 */
const CRASHED = /exited unexpectedly.*\bexit code[ =]2\b/i;

/** Whether an agent's error tells of no more than a slow start. */
export const isTimeout = (error: string): boolean => TIMED_OUT.test(error);

/** Whether an agent's error tells of a collector that crashed, for whatever reason of its own. */
export const isCrash = (error: string): boolean => CRASHED.test(error);
