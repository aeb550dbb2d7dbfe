import mongoose, { Schema } from 'mongoose';
import type { Types } from 'mongoose';

/**
 * Where a tenant's own connection really leads. HyperDX's document of the same id names our query door in its place:
 * HyperDX connects to whatever a document names, without a look at the address, and answers with all fields it finds in
 * one. So host, user and password of others' servers are kept apart from it.
 */
export interface ITenantConnection {
  /** The connection's. */
  _id: Types.ObjectId;
  team: Types.ObjectId;
  host: string;
  username: string;
  password: string;
  createdAt: Date;
  updatedAt: Date;
}

const TenantConnectionSchema = new Schema<ITenantConnection>(
  {
    team: { type: Schema.Types.ObjectId, ref: 'Team', required: true },
    host: { type: String, required: true },
    // A server may have users without a name, which mongoose's `required` takes for none.
    username: { type: String, default: '' },
    password: { type: String, select: false, default: '' },
  },
  { timestamps: true, collection: 'tenantconnections' },
);

TenantConnectionSchema.index({ team: 1, _id: 1 });

export default mongoose.model<ITenantConnection>('TenantConnection', TenantConnectionSchema);
