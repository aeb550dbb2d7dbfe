import {
  CollectorAgentDetail,
  CollectorAgentView,
} from '@hyperdx-tenancy/domain/contracts/collectorAgent';
import {
  CollectorGroupList,
  CollectorGroupSummary,
  CollectorGroupView,
  GroupConfig,
  GroupPreview,
  RevisionDetail,
  RevisionView,
  RolloutView,
  ShardView,
} from '@hyperdx-tenancy/domain/contracts/collectorRollout';
import { CollectorTokenView } from '@hyperdx-tenancy/domain/contracts/collectorToken';
import { z } from 'zod';

// As answers.ts: words, options and fields that a newer API knows are shown as they come.
const word = z.string();
const options = z.looseObject({
  queue: z.looseObject({}).optional(),
  receivers: z.looseObject({}).optional(),
});
const policy = CollectorGroupView.shape.rollout.loose();

export const Rollout = RolloutView.extend({ phase: word }).loose();
export type Rollout = z.infer<typeof Rollout>;

/** What became of the rollouts that something was done to. */
export const Rollouts = z.object({
  data: z.array(z.looseObject({ id: z.string(), rollout: Rollout })),
});
export type Rollouts = z.infer<typeof Rollouts>['data'];

export const Group = CollectorGroupView.extend({
  kind: word,
  options,
  rollout: policy,
  parts: z.array(ShardView.extend({ rollout: Rollout }).loose()),
}).loose();
export type Group = z.infer<typeof Group>;

/** One config of a group: the group itself, one of its shards, or its quarantine. */
export type Part = Group['parts'][number];

export const GroupSummary = CollectorGroupSummary.extend({
  kind: word,
  options,
  rollout: policy,
}).loose();
export type GroupSummary = z.infer<typeof GroupSummary>;

export const Groups = CollectorGroupList.extend({ data: z.array(GroupSummary) });

/** How a group's configs would differ. */
export const Preview = GroupPreview.loose();
export type Preview = z.infer<typeof Preview>;

export const Config = GroupConfig.loose();
export type Config = z.infer<typeof Config>;

export const Revision = RevisionView.extend({ state: word, cause: word }).loose();
export type Revision = z.infer<typeof Revision>;

export const WholeRevision = RevisionDetail.extend({ state: word, cause: word, options }).loose();
export type WholeRevision = z.infer<typeof WholeRevision>;

const agent = {
  transport: word,
  config: CollectorAgentView.shape.config.extend({ state: word }).loose(),
};

export const Agent = CollectorAgentView.extend(agent).loose();
export type Agent = z.infer<typeof Agent>;

export const Agents = z.object({ data: z.array(Agent), next: z.string().nullable() });

export const WholeAgent = CollectorAgentDetail.extend(agent).loose();
export type WholeAgent = z.infer<typeof WholeAgent>;

export const CollectorToken = CollectorTokenView.extend({
  group: z.looseObject({}),
  state: word,
}).loose();
export type CollectorToken = z.infer<typeof CollectorToken>;

export const NewCollectorToken = CollectorToken.extend({ token: z.string().min(1) });
export type NewCollectorToken = z.infer<typeof NewCollectorToken>;
