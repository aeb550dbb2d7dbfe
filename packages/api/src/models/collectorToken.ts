import type { CollectorGroup } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import mongoose, { Schema } from 'mongoose';
import type { Types } from 'mongoose';

/** What a collector shows to get its config. Only the hash is stored. */
export interface ICollectorToken {
  _id: Types.ObjectId;
  name: string;
  /** SHA-256 of the token, hex. */
  hash: string;
  group: CollectorGroup;
  /** Set by a rotation: good until then, beside the token that took its place. */
  expiresAt: Date | null;
  replacedBy: Types.ObjectId | null;
  /** A revoked one stays known, so that who still has it hears so (403), for as long as agents are remembered. */
  revokedAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

const CollectorTokenSchema = new Schema<ICollectorToken>(
  {
    name: { type: String, required: true },
    hash: { type: String, required: true },
    group: {
      type: new Schema(
        {
          kind: { type: String, enum: ['shared', 'dedicated', 'named'], required: true },
          target: String,
          team: String,
          name: String,
          shard: Number,
          quarantine: Boolean,
        },
        { _id: false },
      ),
      required: true,
    },
    expiresAt: { type: Date, default: null },
    replacedBy: { type: Schema.Types.ObjectId, default: null },
    revokedAt: { type: Date, default: null },
  },
  { timestamps: true, collection: 'collectortokens' },
);

CollectorTokenSchema.index({ hash: 1 }, { unique: true });

export default mongoose.model<ICollectorToken>('CollectorToken', CollectorTokenSchema);
