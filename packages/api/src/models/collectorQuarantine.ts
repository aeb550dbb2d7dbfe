import mongoose, { Schema } from 'mongoose';
import type { Types } from 'mongoose';

/** A tenant for whom writing fails: kept apart from the others of its collectors until it works again. */
export interface ICollectorQuarantine {
  /** The tenant. */
  _id: Types.ObjectId;
  target: string;
  /** What is wrong, for operators. */
  reason: string;
  since: Date;
  /** Since when writing works again, while its collectors store what they took in meanwhile. */
  wellSince?: Date;
}

const CollectorQuarantineSchema = new Schema<ICollectorQuarantine>(
  {
    _id: { type: Schema.Types.ObjectId, required: true },
    target: { type: String, required: true },
    reason: { type: String, required: true },
    since: { type: Date, required: true },
    wellSince: Date,
  },
  { collection: 'collectorquarantines' },
);

CollectorQuarantineSchema.index({ target: 1 });

export default mongoose.model<ICollectorQuarantine>(
  'CollectorQuarantine',
  CollectorQuarantineSchema,
);
