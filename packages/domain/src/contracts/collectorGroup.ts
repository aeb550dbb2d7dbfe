import { z } from 'zod';

import { LowerObjectIdText } from './objectId';
import { TargetName } from './target';

/** Shards of one group, at the most: with 250 tenants each, as many as one installation holds. */
export const MAX_SHARDS = 400;

/** The name of a group that operators made. */
export const GroupName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be 1 to 63 of the characters a-z 0-9 -');

/** True for the config of those tenants of a group that are kept apart, because writing for them fails. */
const quarantine = z.literal(true).optional();

/**
 * What one config is made for, and what a collector token opens:
 * - `shared`: all tenants of a target;
 * - `dedicated`: one team;
 * - `named`: a group that operators made, or one shard of it.
 *
 * A token never opens two of them, and no message of an agent changes which.
 */
export const CollectorGroup = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('shared'),
    target: TargetName.default('default'),
    quarantine,
  }),
  z.strictObject({ kind: z.literal('dedicated'), team: LowerObjectIdText }),
  z.strictObject({
    kind: z.literal('named'),
    name: GroupName,
    /** From 1; where the group has shards, and only there. */
    shard: z.int().min(1).max(MAX_SHARDS).optional(),
    quarantine,
  }),
]);
export type CollectorGroup = z.infer<typeof CollectorGroup>;

/**
 * One text for what one config is made for, by which it is listed, stored and asked for: `shared:<target>`,
 * `dedicated:<team>`, `named:<name>`, `named:<name>:<shard>`, and `:quarantine` behind the first three forms of a group.
 */
export function groupId(group: CollectorGroup): string {
  switch (group.kind) {
    case 'dedicated':
      return `dedicated:${group.team}`;
    case 'shared':
      return `shared:${group.target}${group.quarantine ? ':quarantine' : ''}`;
    case 'named': {
      const shard = group.shard === undefined ? '' : `:${group.shard}`;
      return `named:${group.name}${group.quarantine ? ':quarantine' : shard}`;
    }
  }
}

const ID = /^(shared|dedicated|named):([a-z0-9-]{1,63})(?::(quarantine|[1-9][0-9]{0,2}))?$/;

/** The inverse of `groupId`; `undefined` for a text that is none. */
export function parseGroupId(text: string): CollectorGroup | undefined {
  const [, kind, name, part] = ID.exec(text) ?? [];
  const apart = part === 'quarantine' ? { quarantine: true } : {};
  const shard = part === undefined || part === 'quarantine' ? {} : { shard: Number(part) };
  const group =
    kind === 'named'
      ? { kind, name, ...shard, ...apart }
      : kind === 'shared'
        ? { kind, target: name, ...apart }
        : { kind, team: name };
  const parsed = CollectorGroup.safeParse(group);
  // What the text says and the group has no place for: a shard of a dedicated group.
  return parsed.success && groupId(parsed.data) === text ? parsed.data : undefined;
}

/** A group's id in a route or an option. */
export const GroupId = z
  .string()
  .max(160)
  .refine(
    (text) => parseGroupId(text) !== undefined,
    'must be shared:<target>, dedicated:<team>, named:<name> or named:<name>:<shard>',
  );

const listenAddress = z
  .string()
  .regex(/^[A-Za-z0-9._[\]:-]{1,255}:[0-9]{1,5}$/, 'must be <host>:<port>, as 0.0.0.0:24225');

/** How its collectors are set up; what is left out is the platform's (docs/collectors.md). */
export const GroupOptions = z.strictObject({
  /** The limit of the collector's `memory_limiter`, MiB; queues in memory share half of it. */
  memoryLimitMiB: z.int().min(64).max(1_048_576).optional(),
  queue: z
    .strictObject({
      /** MiB of one tenant's queue of one signal, instead of its share of memory. */
      maxMiB: z.int().min(1).max(65_536).optional(),
      /** A directory on a volume of the collector; `null`: queues in memory, whatever the platform says. */
      storageDirectory: z.string().regex(/^\//, 'must begin with /').max(512).nullable().optional(),
    })
    .optional(),
  /** For dedicated groups alone: what comes in by these carries no key. */
  receivers: z
    .strictObject({
      fluentforward: z.strictObject({ endpoint: listenAddress }).optional(),
      prometheus: z
        .strictObject({
          /** As Prometheus' own `scrape_configs`. */
          scrapeConfigs: z.array(z.record(z.string(), z.unknown())).min(1).max(100),
        })
        .optional(),
    })
    .optional(),
  /** OTLP/HTTP address of the collectors that run the quarantine's config; without it senders are asked to try again later. */
  quarantineEndpoint: z
    .url({ protocol: /^https?$/ })
    .max(512)
    .optional(),
});
export type GroupOptions = z.infer<typeof GroupOptions>;

/** The largest fragment, in characters. */
export const MAX_FRAGMENT_CHARACTERS = 64 * 1024;

/** How a change goes out. Without a canary it goes to all agents at once. */
export const RolloutPolicy = z.strictObject({
  canary: z
    .union([
      z.strictObject({ count: z.int().min(1).max(1_000) }),
      z.strictObject({ percent: z.int().min(1).max(99) }),
    ])
    .optional(),
  /** How long all canaries must have been healthy before the others follow, seconds. */
  healthySeconds: z.int().min(1).max(86_400).default(60),
  /** How long a canary may take to become healthy before the change counts as failed, seconds. */
  timeoutSeconds: z.int().min(5).max(86_400).default(600),
});
export type RolloutPolicy = z.infer<typeof RolloutPolicy>;

/** What may be set of every group, those that exist by themselves included. */
const settings = {
  options: GroupOptions.optional(),
  /** YAML, merged into each of the group's configs without touching what is ours; `null` takes it away. */
  fragment: z.string().max(MAX_FRAGMENT_CHARACTERS).nullable().optional(),
  rollout: RolloutPolicy.optional(),
  /** Tenants that an operator keeps apart by hand, beside those kept apart because writing for them fails. */
  quarantine: z.array(LowerObjectIdText).max(1_000).optional(),
};

const members = z.union([
  z.literal('all'),
  z.strictObject({ tenants: z.array(LowerObjectIdText).min(1).max(1_000) }),
]);

/** Body of `POST /tenancy/v1/collector-groups`. */
export const CreateCollectorGroup = z.strictObject({
  name: GroupName,
  /** A collector serves the tenants of one target, never of two. */
  target: TargetName.default('default'),
  members: members.default('all'),
  /** Spreads the members by stable hashing, at most 250 to a shard, each with a config and tokens of its own. */
  shards: z.int().min(1).max(MAX_SHARDS).optional(),
  /** Its members are then not in their target's `shared` group. */
  exclusive: z.boolean().default(false),
  ...settings,
});
export type CreateCollectorGroup = z.infer<typeof CreateCollectorGroup>;

/** Body of `PATCH /tenancy/v1/collector-groups/:group`; members, shards and exclusive of a named group alone. */
export const UpdateCollectorGroup = z.strictObject({
  members: members.optional(),
  /** `null`: one config for all members again. */
  shards: z.int().min(1).max(MAX_SHARDS).nullable().optional(),
  exclusive: z.boolean().optional(),
  ...settings,
});
export type UpdateCollectorGroup = z.infer<typeof UpdateCollectorGroup>;

/** The parameters of a route that names a group. */
export const GroupParams = z.strictObject({ group: GroupId });

/** Query of `PATCH /tenancy/v1/collector-groups/:group`. */
export const UpdateGroupQuery = z.strictObject({
  /** Changes nothing, and answers how each of the group's configs would differ. */
  dryRun: z.enum(['true', 'false']).optional(),
});

/** Query of `GET /tenancy/v1/collector-groups`. */
export const ListCollectorGroups = z.strictObject({
  kind: z.enum(['shared', 'dedicated', 'named']).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  /** The `next` of the page before. */
  after: GroupId.optional(),
});
export type ListCollectorGroups = z.infer<typeof ListCollectorGroups>;

/** The parameters of a route that names one revision of a group or shard. */
export const RevisionParams = z.strictObject({
  group: GroupId,
  number: z.coerce.number().int().min(1),
});
