import type { GroupOptions } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import type { RevisionState } from '@hyperdx-tenancy/domain/contracts/collectorRollout';
import mongoose, { Schema } from 'mongoose';
import type { Types } from 'mongoose';

/** One config that a group or shard was offered: what it was built from, and its text without secrets. */
export interface ICollectorRevision {
  /** `<shard>#<number>` */
  _id: string;
  shard: string;
  number: number;
  /** SHA-256 of the text with its secrets. */
  hash: string;
  state: RevisionState;
  cause: 'inputs' | 'rollback';
  reason: string | null;
  options: GroupOptions;
  fragment: string | null;
  /** Who was served. */
  tenants: Types.ObjectId[];
  /** Of the text that was offered. */
  bytes: number;
  /** The text without secrets, gzip. */
  body: Buffer;
  createdAt: Date;
}

const CollectorRevisionSchema = new Schema<ICollectorRevision>(
  {
    _id: { type: String, required: true },
    shard: { type: String, required: true },
    number: { type: Number, required: true },
    hash: { type: String, required: true },
    state: { type: String, required: true },
    cause: { type: String, required: true },
    reason: { type: String, default: null },
    options: { type: Schema.Types.Mixed, required: true },
    fragment: { type: String, default: null },
    tenants: { type: [Schema.Types.ObjectId], default: [] },
    bytes: { type: Number, required: true },
    body: { type: Buffer, required: true },
    createdAt: { type: Date, required: true },
  },
  { collection: 'collectorrevisions', minimize: false },
);

CollectorRevisionSchema.index({ shard: 1, number: -1 }, { unique: true });

export default mongoose.model<ICollectorRevision>('CollectorRevision', CollectorRevisionSchema);
