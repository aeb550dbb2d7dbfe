import { startClickHouse } from '@hyperdx-tenancy/devkit/clickhouse';
import type { ClickHouseServer } from '@hyperdx-tenancy/devkit/clickhouse';

import { Store } from '../harness/store';

/** A ClickHouse without the API, and what counts the records in it. */
export interface BareStore {
  clickhouse: ClickHouseServer;
  store: Store;
}

/** Both, for all tests of a file: there once tests run, not before. */
export function useBareStore(): BareStore {
  const bare = {} as BareStore;

  beforeAll(async () => {
    bare.clickhouse = await startClickHouse({ password: 'clickhouse' });
    const { url, user: username, password } = bare.clickhouse;
    bare.store = new Store({ url, username, password });
  }, 120_000);

  afterAll(async () => {
    await bare.store.close();
    await bare.clickhouse.stop();
  }, 60_000);

  return bare;
}
