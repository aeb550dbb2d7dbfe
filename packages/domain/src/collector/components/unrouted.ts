import type { ComponentBuilder } from '../context';

/** Where data goes that belongs to nobody. */
export const UNROUTED = 'debug/unrouted';

/**
 * Counts what belongs to nobody and lets it go: a router without a default drops it without a word, while
 * this shows in `otelcol_exporter_sent_*{exporter="debug/unrouted"}`. At verbosity `basic` it logs counts
 * and never contents, here one line a second and signal.
 */
export const unrouted: ComponentBuilder = () => ({
  exporters: {
    [UNROUTED]: { verbosity: 'basic', sampling_initial: 1, sampling_thereafter: 0 },
  },
});
