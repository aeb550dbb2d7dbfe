import mongoose, { Schema } from 'mongoose';
import type { Types } from 'mongoose';

/**
 * One of the teams of a person who has several; the one they are in at present is their user's `team`, which HyperDX
 * reads. Who has one team alone has no document here.
 */
export interface IMembership {
  _id: Types.ObjectId;
  user: Types.ObjectId;
  team: Types.ObjectId;
  createdAt: Date;
  updatedAt: Date;
}

const id = { type: Schema.Types.ObjectId, required: true };

const MembershipSchema = new Schema<IMembership>(
  { user: id, team: id },
  { timestamps: true, collection: 'tenancymemberships' },
);

MembershipSchema.index({ user: 1, team: 1 }, { unique: true });
MembershipSchema.index({ team: 1 });

export default mongoose.model<IMembership>('Membership', MembershipSchema);
