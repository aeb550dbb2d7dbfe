import type { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';

import type { Api } from '../harness/api';
import { createGroup, groupAdmin } from '../harness/collectorGroups';
import type { GroupAdmin } from '../harness/collectorGroups';
import { startCollectorKind } from '../harness/collectorKinds';
import type { LoadOptions } from '../harness/collectorLoad';
import type { Backend, BackendOptions } from '../harness/stack';
import { senderOf, underLoad } from './collectorLoads';
import type { During, Observed } from './collectorLoads';

/** What a scenario about collectors stands on. */
export interface CollectorGround<Of extends Observed, B extends Backend> {
  backend: B;
  /** Acme and Globex, whose keys the collectors know. */
  tenants: TenantView[];
  observed: Of[];
  /** Sends for these tenants through each collector while things happen: see {@link underLoad}. */
  loaded(
    scenario: string,
    work: (during: During<Of>) => Promise<void>,
    options?: Pick<LoadOptions, 'deadlineMs'>,
  ): Promise<void>;
}

/** A collector in a group of its own: each has to find out by itself. */
export interface Member extends Observed {
  group: GroupAdmin;
}

const [OURS, STOCK] = ['our supervisor file over ws', 'a stock-like one over http'] as const;

/** Start a collector of ours and a stock-like one, each in a group of its own. */
export const inGroupsOfTheirOwn: readonly ((api: Api) => Promise<Member>)[] = [
  async (api) => ({
    name: OURS,
    kind: OURS,
    group: groupAdmin(api, 'shared:default'),
    collector: await startCollectorKind(OURS, api, api.collectorToken),
  }),
  async (api) => {
    const group = await createGroup(api, { name: 'stock' });
    const { token } = await api.createCollectorToken('stock', { kind: 'named', name: 'stock' });
    const collector = await startCollectorKind(STOCK, api, token);
    return { name: STOCK, kind: STOCK, group, collector };
  },
];

const OPTIONS: BackendOptions = {
  // On a busy machine the exporter's first query may take longer than the 2 s of our configs.
  endpointParameters: { dial_timeout: '10s' },
  env: { TENANCY_COLLECTOR_STORAGE_DIRECTORY: '/var/lib/otelcol/queues' },
};

/**
 * A backend with two tenants, and collectors that serve them, for all tests of a file: there once tests run, not before.
 * @param start what starts the backend.
 * @param collectors start one collector each, in this order.
 */
export function useCollectors<Of extends Observed, B extends Backend>(
  start: (options: BackendOptions) => Promise<B>,
  collectors: readonly ((api: Api) => Promise<Of>)[],
): CollectorGround<Of, B> {
  const stops: (() => Promise<unknown>)[] = [];
  const ground = {
    observed: [] as Of[],
    loaded(scenario, work, options) {
      const { observed, tenants, backend } = ground;
      return underLoad(scenario, { observed, tenants, store: backend.store, ...options }, work);
    },
  } as CollectorGround<Of, B>;

  beforeAll(async () => {
    const backend = await start(OPTIONS);
    stops.unshift(() => backend.stop());
    const { api } = backend;
    const tenants = [await api.createTenant('Acme'), await api.createTenant('Globex')];
    Object.assign(ground, { backend, tenants });
    for (const startOne of collectors) {
      const one = await startOne(api);
      stops.unshift(() => one.collector.stop());
      ground.observed.push(one);
    }
    const keys = tenants.map((tenant) => senderOf(tenant).key);
    await Promise.all(ground.observed.map(({ collector }) => collector.knows(keys)));
  }, 240_000);

  // What has started is ended again where a later part did not start.
  afterAll(async () => {
    for (const stop of stops) await stop();
  }, 60_000);

  return ground;
}
