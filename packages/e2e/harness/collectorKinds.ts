import type { SupervisorOptions } from '@hyperdx-tenancy/devkit/collector';

import type { Api } from './api';
import { startManagedCollector } from './stack';
import type { Collector } from './stack';

interface Kind {
  /** How its supervisor talks to the OpAMP server. */
  transport: 'http' | 'ws';
  tokenIn: 'header' | 'path';
  /** As in HyperDX's image: no check before a config is tried, a restart for it, a verdict after 5 s. */
  stock: boolean;
  /** Reads a new config on SIGHUP in place of being started again; a stock one never does. */
  reloads: boolean;
}

/** Collectors under a supervisor, as they are found at work. */
export const collectorKinds = {
  'our supervisor file over ws': {
    transport: 'ws',
    tokenIn: 'header',
    stock: false,
    reloads: true,
  },
  'our supervisor file over http, restarted for a config': {
    transport: 'http',
    tokenIn: 'header',
    stock: false,
    reloads: false,
  },
  'a stock-like one over http': { transport: 'http', tokenIn: 'path', stock: true, reloads: false },
  'a stock-like one over ws': { transport: 'ws', tokenIn: 'path', stock: true, reloads: false },
} as const satisfies Record<string, Kind>;

export type CollectorKind = keyof typeof collectorKinds;

/**
 * Starts one of them; its queues are on a volume of its own where the offer wants a volume.
 * @param place of a collector that ran before, whose state and ports it takes over.
 */
export function startCollectorKind(
  kind: CollectorKind,
  api: Pick<Api, 'opampUrl'>,
  token: string,
  place: Pick<SupervisorOptions, 'dir' | 'ports'> = {},
): Promise<Collector> {
  const { transport, tokenIn, stock, reloads }: Kind = collectorKinds[kind];
  return startManagedCollector(api.opampUrl.replace(/^http/, transport), token, tokenIn, {
    stock,
    ownVolume: true,
    ...place,
    ...(stock ? {} : { env: { SUPERVISOR_HUP_RELOAD: String(reloads) } }),
  });
}
