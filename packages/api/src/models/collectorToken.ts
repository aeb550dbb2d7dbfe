import type { CollectorGroup } from '@hyperdx-tenancy/domain/contracts/collectorToken';
import mongoose, { Schema } from 'mongoose';
import type { Types } from 'mongoose';

/** What a collector shows to get its config. Only the hash is stored. */
export interface ICollectorToken {
  _id: Types.ObjectId;
  name: string;
  /** SHA-256 of the token, hex. */
  hash: string;
  group: CollectorGroup;
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
          kind: { type: String, enum: ['shared', 'dedicated'], required: true },
          target: String,
          team: String,
        },
        { _id: false },
      ),
      required: true,
    },
  },
  { timestamps: true, collection: 'collectortokens' },
);

CollectorTokenSchema.index({ hash: 1 }, { unique: true });

export default mongoose.model<ICollectorToken>('CollectorToken', CollectorTokenSchema);
