import { z } from 'zod';

import { GroupOptions, RolloutPolicy } from './collectorGroup';

/** How many revisions of a group's config are kept. */
export const KEPT_REVISIONS = 20;

/**
 * `offered`: agents are being given it; `good`: an agent runs it and none failed; `failed`: never offered again;
 * `superseded`: another came before it proved good or failed.
 */
export const revisionStates = ['offered', 'good', 'failed', 'superseded'] as const;
export type RevisionState = (typeof revisionStates)[number];

/** One config that a group was offered. */
export const RevisionView = z.object({
  number: z.int(),
  hash: z.string(),
  state: z.enum(revisionStates),
  createdAt: z.string(),
  cause: z.enum(['inputs', 'rollback']),
  tenants: z.int(),
  bytes: z.int(),
  /** Why it failed, without secrets. */
  reason: z.string().nullable(),
});
export type RevisionView = z.infer<typeof RevisionView>;

/** One revision whole: its text without secrets, and how it differs from the one before (unified diff). */
export const RevisionDetail = RevisionView.extend({
  config: z.string(),
  diff: z.string().nullable(),
  options: GroupOptions,
  fragment: z.string().nullable(),
});
export type RevisionDetail = z.infer<typeof RevisionDetail>;

/**
 * `steady`: all agents may run the current revision; `canary`: the canaries alone; `failed`: the current revision failed, and
 * agents are offered the last good one.
 */
export const rolloutPhases = ['steady', 'canary', 'failed'] as const;
export type RolloutPhase = (typeof rolloutPhases)[number];

export const RolloutView = z.object({
  phase: z.enum(rolloutPhases),
  /** Changes wait while it is true. */
  paused: z.boolean(),
  /** Why, where it was no operator who paused them. */
  pauseReason: z.string().nullable(),
  current: z.int().nullable(),
  good: z.int().nullable(),
  /** The revision whose settings and tenants an operator went back to. */
  pinned: z.int().nullable(),
  canaries: z.array(z.string()),
  since: z.string().nullable(),
  /** Configs that failed, the latest first. */
  blocked: z.array(
    z.object({
      hash: z.string(),
      revision: z.int().nullable(),
      reason: z.string(),
      at: z.string(),
    }),
  ),
});
export type RolloutView = z.infer<typeof RolloutView>;

/** Body of `POST /tenancy/v1/collector-groups/:group/rollout`. */
export const RolloutAction = z.discriminatedUnion('action', [
  /** What is on offer stays; a canary goes no further. */
  z.strictObject({ action: z.literal('pause') }),
  z.strictObject({ action: z.literal('resume') }),
  /** Back to the settings and tenants of a revision, until `release`. Never to its secrets, nor to a tenant suspended since. */
  z.strictObject({ action: z.literal('rollback'), revision: z.int().min(1) }),
  z.strictObject({ action: z.literal('release') }),
  /** Forgets which configs failed: they may be offered again. */
  z.strictObject({ action: z.literal('retry') }),
]);
export type RolloutAction = z.infer<typeof RolloutAction>;

/** A tenant whose telemetry is kept apart. */
export const QuarantineView = z.object({
  tenant: z.string(),
  reason: z.string(),
  since: z.string().nullable(),
});

/** One config of a group: the group itself, or one of its shards. */
export const ShardView = z.object({
  id: z.string(),
  tenants: z.array(z.string()),
  /** Teams that are not served although they should be, and why. */
  leftOut: z.array(z.object({ team: z.string(), tenant: z.string(), reason: z.string() })),
  warnings: z.array(z.string()),
  agents: z.object({ connected: z.int(), inStep: z.int(), failed: z.int() }),
  tokens: z.int(),
  rollout: RolloutView,
});
export type ShardView = z.infer<typeof ShardView>;

const groupFields = {
  id: z.string(),
  kind: z.enum(['shared', 'dedicated', 'named']),
  target: z.string(),
  members: z.union([z.literal('all'), z.object({ tenants: z.array(z.string()) })]),
  shards: z.int().nullable(),
  exclusive: z.boolean(),
  options: GroupOptions,
  fragment: z.string().nullable(),
  rollout: RolloutPolicy,
};

export const CollectorGroupSummary = z.object({
  ...groupFields,
  tenants: z.int(),
  agents: z.object({ connected: z.int(), inStep: z.int(), failed: z.int() }),
});
export type CollectorGroupSummary = z.infer<typeof CollectorGroupSummary>;

export const CollectorGroupView = z.object({
  ...groupFields,
  quarantine: z.array(QuarantineView),
  parts: z.array(ShardView),
});
export type CollectorGroupView = z.infer<typeof CollectorGroupView>;

export const CollectorGroupList = z.object({
  data: z.array(CollectorGroupSummary),
  /** Pass as `after` to read on; `null` at the end. */
  next: z.string().nullable(),
});
export type CollectorGroupList = z.infer<typeof CollectorGroupList>;

/** How one of a group's configs would differ after a change of its settings; texts without secrets. */
export const PartPreview = z.object({
  id: z.string(),
  changed: z.boolean(),
  /** Unified; `null` where nothing differs but secrets, or nothing at all. */
  diff: z.string().nullable(),
  leftOut: ShardView.shape.leftOut,
  warnings: z.array(z.string()),
});
export type PartPreview = z.infer<typeof PartPreview>;

/** Answer of `PATCH /tenancy/v1/collector-groups/:group?dryRun=true`: nothing was changed. */
export const GroupPreview = z.object({
  dryRun: z.literal(true),
  parts: z.array(PartPreview),
});
export type GroupPreview = z.infer<typeof GroupPreview>;

export const UpdatedCollectorGroup = z.union([CollectorGroupView, GroupPreview]);

/** The config that a group or shard is offered, or would be: of `GET` without secrets, of `POST` with them. */
export const GroupConfig = z.object({
  id: z.string(),
  /** SHA-256 of the text with its secrets; what agents report. */
  hash: z.string(),
  /** Of the text with its secrets. */
  bytes: z.int(),
  /** JSON, which every collector reads as YAML. */
  config: z.string(),
  leftOut: ShardView.shape.leftOut,
  warnings: z.array(z.string()),
});
export type GroupConfig = z.infer<typeof GroupConfig>;

/** Newest first. */
export const RevisionList = z.object({ data: z.array(RevisionView) });

/** Answer of `POST /tenancy/v1/collector-groups/:group/rollout`: of each config that it was done to. */
export const RolloutList = z.object({
  data: z.array(z.object({ id: z.string(), rollout: RolloutView })),
});
export type RolloutList = z.infer<typeof RolloutList>;
