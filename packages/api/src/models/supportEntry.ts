import mongoose, { Schema } from 'mongoose';
import type { Types } from 'mongoose';

/** A time that an operator spends, or has spent, in a tenant's team. Kept: the tenant may look it up. */
export interface ISupportEntry {
  _id: Types.ObjectId;
  tenant: Types.ObjectId;
  team: Types.ObjectId;
  /** The operator, a user of HyperDX. */
  user: Types.ObjectId;
  /** Their address, as it was then. */
  email: string;
  reason: string;
  startedAt: Date;
  expiresAt: Date;
  /** `null` while it lasts. */
  endedAt: Date | null;
}

const id = { type: Schema.Types.ObjectId, required: true };

const SupportEntrySchema = new Schema<ISupportEntry>(
  {
    tenant: id,
    team: id,
    user: id,
    email: { type: String, required: true },
    reason: { type: String, required: true },
    startedAt: { type: Date, required: true },
    expiresAt: { type: Date, required: true },
    endedAt: { type: Date, default: null },
  },
  { collection: 'tenancysupport' },
);

SupportEntrySchema.index({ tenant: 1, _id: -1 });
// What the task that ends them asks for.
SupportEntrySchema.index({ endedAt: 1, expiresAt: 1 });

export default mongoose.model<ISupportEntry>('SupportEntry', SupportEntrySchema);
