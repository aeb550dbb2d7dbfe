import { randomUUID } from 'node:crypto';

import mongoose, { Schema } from 'mongoose';
import type { HydratedDocument, Types } from 'mongoose';

/** An ingestion key that was replaced, while collectors still accept it. */
export interface PreviousApiKey {
  key: string;
  /** Since when collectors have been looked after without a break. */
  since: Date;
  lookedAt: Date;
  /** Configs with the new key are of this revision, or later; `null` before that is announced. */
  revision: number | null;
}

/**
 * HyperDX's team, with the fields that are ours: `tenant`, `previousApiKeys`. HyperDX's own fields that this service
 * does not use are kept as they are.
 */
export interface ITeam {
  _id: Types.ObjectId;
  name: string;
  tenant: Types.ObjectId;
  /** The ingestion key. */
  apiKey: string;
  /** Absent, never empty: of several empty lists a unique index would take one. */
  previousApiKeys?: PreviousApiKey[];
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
    previousApiKeys: {
      type: [
        new Schema<PreviousApiKey>(
          {
            key: { type: String, required: true },
            since: { type: Date, required: true },
            lookedAt: { type: Date, required: true },
            revision: { type: Number, default: null },
          },
          { _id: false },
        ),
      ],
      default: undefined,
    },
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
TeamSchema.index({ 'previousApiKeys.key': 1 }, { unique: true, sparse: true });

export default mongoose.model<ITeam>('Team', TeamSchema);
