import { z } from 'zod';

/** An instance UID: 16 bytes as 32 hexadecimal digits. */
export const InstanceUid = z
  .string()
  .regex(/^[a-f0-9]{32}$/, 'must be 32 lower-case hexadecimal digits');

/**
 * What an agent makes of the config meant for it: `in_step` runs it; `behind` was not offered it yet, or has not answered;
 * `applying`; `failed`; `withheld`: it lacks a component that the config needs; `none`: nothing is meant for it.
 */
export const agentConfigStates = [
  'in_step',
  'behind',
  'applying',
  'failed',
  'withheld',
  'none',
] as const;
export type AgentConfigState = (typeof agentConfigStates)[number];

export const transports = ['http', 'websocket'] as const;
export type Transport = (typeof transports)[number];

/** A collector, as it described itself and was last heard of. */
export const CollectorAgentView = z.object({
  instanceUid: InstanceUid,
  /** Id of the group or shard that its token opens. */
  group: z.string(),
  connected: z.boolean(),
  transport: z.enum(transports),
  seenAt: z.string(),
  firstSeenAt: z.string(),
  /** `service.name`, `service.version`, `host.name`, `os.type` of what it says of itself; bounded. */
  attributes: z.record(z.string(), z.string()),
  config: z.object({
    state: z.enum(agentConfigStates),
    /** SHA-256 of the config that it last reported on. */
    hash: z.string().nullable(),
    revision: z.int().nullable(),
    /** Why it failed, or which components are lacking; without secrets. */
    reason: z.string().nullable(),
  }),
  healthy: z.boolean().nullable(),
  healthyChangedAt: z.string().nullable(),
  lastError: z.string().nullable(),
});
export type CollectorAgentView = z.infer<typeof CollectorAgentView>;

/** One agent, with what it says it runs. */
export const CollectorAgentDetail = CollectorAgentView.extend({
  capabilities: z.array(z.string()),
  components: z.record(z.string(), z.array(z.string())).nullable(),
  /** Its effective config without secrets; `null` where none was kept. */
  effectiveConfig: z.string().nullable(),
  effectiveConfigAt: z.string().nullable(),
});
export type CollectorAgentDetail = z.infer<typeof CollectorAgentDetail>;

/** Query of `GET /tenancy/v1/collector-agents`. */
export const ListCollectorAgents = z.strictObject({
  group: z.string().max(160).optional(),
  state: z.enum(agentConfigStates).optional(),
  connected: z.enum(['true', 'false']).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  /** The `next` of the page before. */
  after: z.string().max(256).optional(),
});
export type ListCollectorAgents = z.infer<typeof ListCollectorAgents>;

export const CollectorAgentList = z.object({
  data: z.array(CollectorAgentView),
  /** Pass as `after` to read on; `null` at the end. */
  next: z.string().nullable(),
});
export type CollectorAgentList = z.infer<typeof CollectorAgentList>;

export const AgentParams = z.strictObject({ uid: InstanceUid });

/** Query of the routes of one agent: two collectors of different groups may have taken the same instance UID. */
export const AgentQuery = z.strictObject({
  /** Id of the group or shard; where it is left out, that of the agent heard of last. */
  group: z.string().max(160).optional(),
});
export type AgentQuery = z.infer<typeof AgentQuery>;
