import { randomUUID } from 'node:crypto';

import mongoose, { Schema } from 'mongoose';
import type { HydratedDocument, Types } from 'mongoose';

/**
 * HyperDX's team, with the one field that is ours: `tenant`. HyperDX's own fields that this service
 * does not use are kept as they are.
 */
export interface ITeam {
  _id: Types.ObjectId;
  name: string;
  tenant: Types.ObjectId;
  /** The ingestion key. */
  apiKey: string;
  hookId: string;
  allowedAuthMethods?: 'password'[];
  collectorAuthenticationEnforced: boolean;
  createdAt: Date;
  updatedAt: Date;
}

export type TeamDocument = HydratedDocument<ITeam>;

const TeamSchema = new Schema<ITeam>(
  {
    name: { type: String, required: true },
    tenant: { type: Schema.Types.ObjectId, ref: 'Tenant', required: true },
    apiKey: { type: String, default: () => randomUUID(), required: true },
    hookId: { type: String, default: () => randomUUID() },
    allowedAuthMethods: { type: [String], default: undefined },
    // HyperDX's model says false, its registration writes true; a team of ours starts guarded.
    collectorAuthenticationEnforced: { type: Boolean, default: true },
  },
  { timestamps: true, strict: false },
);

TeamSchema.index({ tenant: 1 });
// A key says whose telemetry it is: two teams can never share one.
TeamSchema.index({ apiKey: 1 }, { unique: true });

export default mongoose.model<ITeam>('Team', TeamSchema);
