import mongoose, { Schema } from 'mongoose';
import type { Types } from 'mongoose';

/** HyperDX 2.36: an invitation is good for 30 days. */
export const INVITE_SECONDS = 30 * 86_400;

/** HyperDX's invitation into a team. Its token is what the one who is invited shows. */
export interface ITeamInvite {
  _id: Types.ObjectId;
  teamId: Types.ObjectId;
  name?: string;
  email: string;
  /** 64 hexadecimal digits. */
  token: string;
  createdAt: Date;
  updatedAt: Date;
}

const TeamInviteSchema = new Schema<ITeamInvite>(
  {
    teamId: { type: Schema.Types.ObjectId, ref: 'Team', required: true },
    name: String,
    email: { type: String, required: true },
    token: { type: String, required: true },
  },
  { timestamps: true, strict: false },
);

TeamInviteSchema.index({ createdAt: 1 }, { expireAfterSeconds: INVITE_SECONDS });
TeamInviteSchema.index({ teamId: 1, email: 1 }, { unique: true });
TeamInviteSchema.index({ token: 1 });

export default mongoose.model<ITeamInvite>('TeamInvite', TeamInviteSchema);
