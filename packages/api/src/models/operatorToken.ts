import { operatorRoles } from '@hyperdx-tenancy/domain/contracts/operator';
import type { OperatorRole } from '@hyperdx-tenancy/domain/contracts/operator';
import mongoose, { Schema } from 'mongoose';
import type { Types } from 'mongoose';

/** A token for the admin API. Only its hash is stored. */
export interface IOperatorToken {
  _id: Types.ObjectId;
  name: string;
  /** SHA-256 of the token, hex. */
  hash: string;
  role: OperatorRole;
  /** `null`: good until it is revoked. */
  expiresAt: Date | null;
  createdBy: string;
  /** To the minute. */
  lastUsedAt: Date | null;
  /** When somebody began to take this admin away; see `controllers/lastAdmin`. */
  leavingAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

const OperatorTokenSchema = new Schema<IOperatorToken>(
  {
    name: { type: String, required: true },
    hash: { type: String, required: true },
    role: { type: String, enum: operatorRoles, required: true },
    expiresAt: { type: Date, default: null },
    createdBy: { type: String, required: true },
    lastUsedAt: { type: Date, default: null },
    leavingAt: { type: Date, default: null },
  },
  { timestamps: true, collection: 'tenancyoperatortokens' },
);

OperatorTokenSchema.index({ hash: 1 }, { unique: true });

export default mongoose.model<IOperatorToken>('OperatorToken', OperatorTokenSchema);
