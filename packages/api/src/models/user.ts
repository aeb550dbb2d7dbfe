import { randomUUID } from 'node:crypto';

import mongoose, { Schema } from 'mongoose';
import type { Types } from 'mongoose';

/** An operator who works in a tenant's team for a while: `team` is then that team. */
export interface UserSupport {
  /** The support entry that tells why. */
  entry: Types.ObjectId;
  /** Where they go back to. */
  home: Types.ObjectId;
  until: Date;
}

/** HyperDX's user. `hash` and `salt` are passport-local-mongoose's and are never read by default. */
export interface IUser {
  _id: Types.ObjectId;
  email: string;
  name: string;
  team: Types.ObjectId;
  /** Bearer key of the external API. */
  accessKey: string;
  hash?: string;
  salt?: string;
  /** Ours; HyperDX leaves it as it is. In this document, so that it changes together with `team` or not at all. */
  tenancySupport?: UserSupport;
  createdAt: Date;
  updatedAt: Date;
}

const UserSchema = new Schema<IUser>(
  {
    email: { type: String, required: true, lowercase: true, trim: true },
    name: { type: String, required: true },
    team: { type: Schema.Types.ObjectId, ref: 'Team', required: true },
    accessKey: { type: String, default: () => randomUUID() },
    hash: { type: String, select: false },
    salt: { type: String, select: false },
    tenancySupport: {
      type: new Schema<UserSupport>(
        {
          entry: { type: Schema.Types.ObjectId, required: true },
          home: { type: Schema.Types.ObjectId, required: true },
          until: { type: Date, required: true },
        },
        { _id: false },
      ),
      required: false,
    },
  },
  { timestamps: true, strict: false },
);

UserSchema.index({ email: 1 }, { unique: true });
UserSchema.index({ accessKey: 1 }, { unique: true });
UserSchema.index({ team: 1 });
// Who is a member of a team is asked by both.
UserSchema.index({ 'tenancySupport.home': 1 }, { sparse: true });

export default mongoose.model<IUser>('User', UserSchema);
