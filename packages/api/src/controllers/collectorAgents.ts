import { groupId } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';

import CollectorAgent from '../models/collectorAgent';
import Team from '../models/team';
import type { Context } from './context';

/** What an agent is seen to run. */
export interface AgentProgress {
  group: string;
  instanceUid: string;
  revision: number;
  seenAt: Date;
}

/** Writes what agents run, all of them at once. */
export async function recordAgents(progress: readonly AgentProgress[]): Promise<void> {
  if (progress.length === 0) return;
  await CollectorAgent.bulkWrite(
    progress.map(({ group, instanceUid, revision, seenAt }) => ({
      updateOne: {
        filter: { _id: `${group}/${instanceUid}` },
        update: { $set: { group, revision, seenAt } },
        upsert: true,
      },
    })),
    { ordered: false },
  );
}

/** Forgets an agent that said goodbye. */
export async function forgetAgent(group: string, instanceUid: string): Promise<void> {
  await CollectorAgent.deleteOne({ _id: `${group}/${instanceUid}` });
}

/**
 * Agents heard of within this time count. A supervisor asks every 30 s or sooner; one that was silent for longer is down,
 * and gets the config it missed before it gets anything else.
 */
const SILENT_MS = 90_000;

/** Where nobody could be heard for a while, because MongoDB or all of us were away: agents heard of before that count as well. */
const UNHEARD_MS = 15 * 60_000;

/**
 * How many collectors that serve a tenant have not applied a config of this revision or a later one.
 * @param of with the time since which agents could be heard without a break.
 */
export async function unacknowledged(
  of: { tenantId: TenantId; target: string; revision: number; since: Date },
  context: Context,
): Promise<number> {
  const teams = await Team.find({ tenant: of.tenantId }, { _id: 1 }).lean();
  const groups = [
    groupId({ kind: 'shared', target: of.target }),
    ...teams.map(({ _id }) => groupId({ kind: 'dedicated', team: _id.toHexString() })),
  ];
  const now = context.now().getTime();
  const goneAfter = now - of.since.getTime() >= SILENT_MS ? SILENT_MS : UNHEARD_MS;
  return CollectorAgent.countDocuments({
    group: { $in: groups },
    seenAt: { $gte: new Date(now - goneAfter) },
    revision: { $lt: of.revision },
  });
}
