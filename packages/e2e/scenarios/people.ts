import { insertUser } from '@hyperdx-tenancy/devkit/fakes';
import type { TenantView } from '@hyperdx-tenancy/domain/contracts/tenant';
import { ObjectId } from 'mongodb';

import type { Install } from '../harness/hyperdx';

export const PASSWORD = 'Correct-Horse-1';

/** A tenant with somebody in it, as its documents say. */
export interface Household {
  tenant: TenantView;
  team: ObjectId;
  email: string;
  accessKey: string;
  /** Ids of its managed connection and of its source of logs. */
  connection: string;
  source: string;
}

/** Makes a tenant, and somebody in its team as HyperDX's own registration would have. */
export async function makeHousehold({ api, db }: Install, name: string): Promise<Household> {
  const tenant = await api.createTenant(name);
  const team = new ObjectId(tenant.teams[0]?.id);
  const email = `${name.toLowerCase()}@example.com`;
  const { accessKey } = await insertUser(db, team, { email, password: PASSWORD, name });
  const connection = await db.collection('connections').findOne({ team });
  const source = await db.collection('sources').findOne({ team, kind: 'log' });
  return {
    tenant,
    team,
    email,
    accessKey,
    connection: String(connection?._id),
    source: String(source?._id),
  };
}
