import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import { ObjectId } from 'mongodb';
import type { Db } from 'mongodb';

import type { Store } from './store';

/** How much there is of what belongs to one tenant. */
export interface Parts {
  teams: number;
  connections: number;
  sources: number;
  /** Tables and views. */
  objects: number;
}

/** A tenant that is complete has exactly this. */
export const WHOLE: Parts = { teams: 1, connections: 1, sources: 4, objects: 12 };

/** Counts what is really there of a tenant. */
export async function countParts(db: Db, store: Store, tenantId: string): Promise<Parts> {
  const teams = await db
    .collection('teams')
    .find({ tenant: new ObjectId(tenantId) }, { projection: { _id: 1 } })
    .toArray();
  const team = { $in: teams.map(({ _id }) => _id) };
  const [connections, sources, objects] = await Promise.all([
    db.collection('connections').countDocuments({ team }),
    db.collection('sources').countDocuments({ team }),
    store.tables(parseTenantId(tenantId)),
  ]);
  return { teams: teams.length, connections, sources, objects: objects.length };
}
