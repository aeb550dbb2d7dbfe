import type { GroupOptions, RolloutPolicy } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import mongoose, { Schema } from 'mongoose';
import type { Types } from 'mongoose';

/** What operators set of a group of collectors. A group that exists by itself has a document once something is set of it. */
export interface ICollectorGroup {
  /** `shared:<target>`, `dedicated:<team>` or `named:<name>`. */
  _id: string;
  /** Of a named group alone. */
  target?: string;
  members?: 'all' | { tenants: string[] };
  shards?: number;
  exclusive?: boolean;
  options: GroupOptions;
  /** YAML, as the operator wrote it. */
  fragment: string | null;
  rollout: RolloutPolicy | null;
  /** Tenants kept apart by hand. */
  quarantine: Types.ObjectId[];
  /** Raised with each change: who changes it says which one they saw. */
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

const CollectorGroupSchema = new Schema<ICollectorGroup>(
  {
    _id: { type: String, required: true },
    target: String,
    members: Schema.Types.Mixed,
    shards: Number,
    exclusive: Boolean,
    options: { type: Schema.Types.Mixed, required: true, default: {} },
    fragment: { type: String, default: null },
    rollout: { type: Schema.Types.Mixed, default: null },
    quarantine: { type: [Schema.Types.ObjectId], default: [] },
    version: { type: Number, required: true, default: 0 },
  },
  { timestamps: true, collection: 'collectorgroups', minimize: false },
);

export default mongoose.model<ICollectorGroup>('CollectorGroup', CollectorGroupSchema);
