import type { AgentConfigState, Transport } from '@hyperdx-tenancy/domain/contracts/collectorAgent';
import mongoose, { Schema } from 'mongoose';

/** What is known of a collector's agent in all processes. */
export interface ICollectorAgent {
  /** `<shard>/<instance UID>`: an instance UID alone carries no trust, and two agents may have taken the same. */
  _id: string;
  /** Id of the one config that its token opens. */
  shard: string;
  instanceUid: string;
  /** Id of the token that it came with last. */
  token: string;
  /** The process that it speaks to, or spoke to last: no other one may say that it is gone. */
  process: string;
  transport: Transport;
  /** By their names in the protocol. */
  capabilities: string[];
  /** Pairs, because names of attributes have dots, and may be anything else that means something to MongoDB. */
  attributes: { name: string; value: string }[];
  /** SHA-256 of the config that it last reported on. */
  hash: string | null;
  status: string;
  state: AgentConfigState;
  /** The agent runs a config built from this change, or from an older one that is the same; 0 before it runs any. */
  revision: number;
  /** Number of the config's revision in its shard. */
  configRevision: number | null;
  /** Why its config failed, without secrets. */
  error: string;
  /** Component types that it lacks for the config meant for it. */
  lacking: string[];
  healthy: boolean | null;
  healthyChangedAt: Date | null;
  lastError: string;
  /** By kind: `receivers`, `processors` and so on; `null` before it said so. */
  components: { kind: string; types: string[] }[] | null;
  /** Configs that failed on this agent alone, by their hashes: never offered to it again. */
  blocked: string[];
  firstHeardAt: Date;
  heardAt: Date;
  /**
   * Until then it counts as alive, whatever becomes of the process that it speaks to. Moved on while it is heard of; long
   * past for one that said goodbye.
   */
  aliveUntil: Date;
  /** Set while it is known to be away: it said goodbye, its connection ended, it was silent for too long. */
  goneAt: Date | null;
  /** Remembered until then. */
  forgetAt: Date;
}

const CollectorAgentSchema = new Schema<ICollectorAgent>(
  {
    _id: { type: String, required: true },
    shard: { type: String, required: true },
    instanceUid: { type: String, required: true },
    token: { type: String, required: true },
    process: { type: String, required: true },
    transport: { type: String, required: true },
    capabilities: { type: [String], default: [] },
    attributes: {
      type: [new Schema({ name: String, value: String }, { _id: false, id: false })],
      default: [],
    },
    hash: { type: String, default: null },
    status: { type: String, required: true },
    state: { type: String, required: true },
    revision: { type: Number, required: true },
    configRevision: { type: Number, default: null },
    error: { type: String, default: '' },
    lacking: { type: [String], default: [] },
    healthy: { type: Boolean, default: null },
    healthyChangedAt: { type: Date, default: null },
    lastError: { type: String, default: '' },
    components: {
      type: [new Schema({ kind: String, types: [String] }, { _id: false })],
      default: null,
    },
    blocked: { type: [String], default: [] },
    firstHeardAt: { type: Date, required: true },
    heardAt: { type: Date, required: true },
    aliveUntil: { type: Date, required: true },
    goneAt: { type: Date, default: null },
    forgetAt: { type: Date, required: true },
  },
  { collection: 'collectoragents' },
);

CollectorAgentSchema.index({ shard: 1, aliveUntil: 1 });
CollectorAgentSchema.index({ instanceUid: 1 });
CollectorAgentSchema.index({ forgetAt: 1 }, { expireAfterSeconds: 0 });

export default mongoose.model<ICollectorAgent>('CollectorAgent', CollectorAgentSchema);
