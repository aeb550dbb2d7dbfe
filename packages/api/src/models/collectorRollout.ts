import type { RolloutPhase } from '@hyperdx-tenancy/domain/contracts/collectorRollout';
import mongoose, { Schema } from 'mongoose';

/** A config that failed, and is never offered to this shard again. */
export interface BlockedConfig {
  hash: string;
  revision: number | null;
  reason: string;
  at: Date;
}

/** How far the present config of a group or shard has come. Every process acts on it; who changes it names the version seen. */
export interface ICollectorRollout {
  /** Id of the group or shard. */
  _id: string;
  version: number;
  /** Number of the last revision made. */
  latest: number;
  phase: RolloutPhase;
  paused: boolean;
  /** Why, where it was no operator who paused it. */
  pauseReason: string | null;
  /** What is being offered. */
  current: { number: number; hash: string } | null;
  /** What ran well last. */
  good: { number: number; hash: string } | null;
  /** The revision whose settings and tenants an operator went back to. */
  pinned: number | null;
  /** Instance UIDs of those that try the current one first. */
  canaries: string[];
  /** When the phase began; of a canary, whoever tries it by now. */
  since: Date | null;
  /** When those that try it now were chosen: later than the phase began, where others were before them. */
  chosenAt: Date | null;
  /** Since when all canaries are healthy. */
  healthySince: Date | null;
  blocked: BlockedConfig[];
}

const revision = new Schema({ number: Number, hash: String }, { _id: false });

const CollectorRolloutSchema = new Schema<ICollectorRollout>(
  {
    _id: { type: String, required: true },
    version: { type: Number, required: true, default: 0 },
    latest: { type: Number, required: true, default: 0 },
    phase: { type: String, required: true, default: 'steady' },
    paused: { type: Boolean, required: true, default: false },
    pauseReason: { type: String, default: null },
    current: { type: revision, default: null },
    good: { type: revision, default: null },
    pinned: { type: Number, default: null },
    canaries: { type: [String], default: [] },
    since: { type: Date, default: null },
    chosenAt: { type: Date, default: null },
    healthySince: { type: Date, default: null },
    blocked: {
      type: [
        new Schema({ hash: String, revision: Number, reason: String, at: Date }, { _id: false }),
      ],
      default: [],
    },
  },
  { collection: 'collectorrollouts' },
);

CollectorRolloutSchema.index({ phase: 1 });

export default mongoose.model<ICollectorRollout>('CollectorRollout', CollectorRolloutSchema);
