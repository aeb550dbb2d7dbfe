import { provisioningSteps, tenantStatuses } from '@hyperdx-tenancy/domain/contracts/tenant';
import type { ProvisioningStep, TenantStatus } from '@hyperdx-tenancy/domain/contracts/tenant';
import mongoose, { Schema } from 'mongoose';
import type { HydratedDocument, Types } from 'mongoose';

/** Who works on a tenant right now. Past `expiresAt` its holder counts as dead. */
export interface TenantLease {
  owner: string;
  expiresAt: Date;
}

/** The request that made a tenant, to know it again. */
export interface TenantRequest {
  /** SHA-256 of the `Idempotency-Key`. */
  key: string;
  /** SHA-256 of what was asked for. */
  hash: string;
}

/** What a failed step left behind for its reader. */
export interface TenantFault {
  code: string;
  message: string;
  at: Date;
}

/**
 * Ids chosen when the tenant is made, before anything carries them: a step that is done again writes
 * the very same documents, so there is never a second team or source.
 */
export interface TenantMembers {
  team: Types.ObjectId;
  connection: Types.ObjectId;
  sources: Record<'log' | 'trace' | 'metric' | 'session', Types.ObjectId>;
}

export interface ITenant {
  _id: Types.ObjectId;
  name: string;
  /** The name as it is compared: normalised, lower-case. Unique. */
  nameKey: string;
  status: TenantStatus;
  /** Name of the ClickHouse target that holds its tables. */
  target: string;
  /** Version of the table templates that its tables were made from. */
  schemaVersion: number;
  members: TenantMembers;
  /** The first team's ingestion key, as asked for or drawn; later changes are the team's. */
  firstApiKey: string;
  /** Only where the request came with an `Idempotency-Key`. */
  request?: TenantRequest;
  step: ProvisioningStep;
  attempt: number;
  lastError: TenantFault | null;
  /** When to go on by ourselves with what failed for a while; `null`: at once, or never. */
  nextAttemptAt: Date | null;
  lease: TenantLease | null;
  createdAt: Date;
  updatedAt: Date;
}

export type TenantDocument = HydratedDocument<ITenant>;

const id = { type: Schema.Types.ObjectId, required: true };

const TenantSchema = new Schema<ITenant>(
  {
    name: { type: String, required: true },
    nameKey: { type: String, required: true },
    status: { type: String, enum: tenantStatuses, required: true },
    target: { type: String, required: true },
    schemaVersion: { type: Number, required: true },
    members: {
      team: id,
      connection: id,
      sources: { log: id, trace: id, metric: id, session: id },
    },
    firstApiKey: { type: String, required: true },
    request: { type: new Schema({ key: String, hash: String }, { _id: false }) },
    step: { type: String, enum: provisioningSteps, required: true },
    attempt: { type: Number, required: true },
    lastError: {
      type: new Schema({ code: String, message: String, at: Date }, { _id: false }),
      default: null,
    },
    nextAttemptAt: { type: Date, default: null },
    lease: { type: new Schema({ owner: String, expiresAt: Date }, { _id: false }), default: null },
  },
  { timestamps: true },
);

TenantSchema.index({ nameKey: 1 }, { unique: true });
TenantSchema.index({ 'request.key': 1 }, { unique: true, sparse: true });
// What the reconciler asks for every few seconds.
TenantSchema.index({ status: 1, nextAttemptAt: 1 });

/** The form in which two names are the same. */
export function tenantNameKey(name: string): string {
  return name.trim().normalize('NFKC').toLowerCase();
}

export default mongoose.model<ITenant>('Tenant', TenantSchema);
