import { operatorRoles } from '@hyperdx-tenancy/domain/contracts/operator';
import type { OperatorRole } from '@hyperdx-tenancy/domain/contracts/operator';
import mongoose, { Schema } from 'mongoose';
import type { Types } from 'mongoose';

/**
 * A HyperDX user who is an operator. By id, not by email address: an address that becomes free in HyperDX can be
 * taken by anybody. HyperDX's own document of the user stays as it is.
 */
export interface IOperator {
  /** The HyperDX user's id. */
  _id: Types.ObjectId;
  /** As it was when they were named, for an entry whose user is gone. */
  email: string;
  role: OperatorRole;
  createdBy: string;
  /** When somebody began to take this admin away; see `controllers/lastAdmin`. */
  leavingAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

const OperatorSchema = new Schema<IOperator>(
  {
    email: { type: String, required: true },
    role: { type: String, enum: operatorRoles, required: true },
    createdBy: { type: String, required: true },
    leavingAt: { type: Date, default: null },
  },
  { timestamps: true, collection: 'tenancyoperators' },
);

export default mongoose.model<IOperator>('Operator', OperatorSchema);
