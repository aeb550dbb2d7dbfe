import type { ComponentBuilder } from '../context';

/** HyperDX's bootstrap file has it under this id, and first in every pipeline that it knows. */
const MEMORY_LIMITER = 'memory_limiter';

/** HyperDX's own, MiB: data is refused from this much below the limit on. */
const SPIKE_MIB = 512;

/** The limit that a group's settings state, over the bootstrap's. All three values: those it has need not fit another limit. */
export const memoryLimiter: ComponentBuilder = ({ memoryLimitMiB }) =>
  memoryLimitMiB === undefined
    ? {}
    : {
        processors: {
          [MEMORY_LIMITER]: {
            check_interval: '1s',
            limit_mib: memoryLimitMiB,
            spike_limit_mib: Math.min(SPIKE_MIB, Math.floor(memoryLimitMiB / 4)),
          },
        },
      };
