/** What the supervisor (0.149) says where its collector was not healthy within `config_apply_timeout`; it may be a moment later. */
const TIMED_OUT = /config apply timeout/i;

/** What it says where its collector ended by itself while it took a config up. */
const CRASHED = /exited unexpectedly/i;

/** Whether an agent's error tells of no more than a slow start. */
export const isTimeout = (error: string): boolean => TIMED_OUT.test(error);

/** Whether an agent's error tells of a collector that ended by itself. */
export const isCrash = (error: string): boolean => CRASHED.test(error);
