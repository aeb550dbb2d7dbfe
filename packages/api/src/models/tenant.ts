import {
  provisioningSteps,
  tenantChangeKinds,
  tenantStatuses,
} from '@hyperdx-tenancy/domain/contracts/tenant';
import type {
  ProvisioningStep,
  TenantChangeKind,
  TenantStatus,
} from '@hyperdx-tenancy/domain/contracts/tenant';
import type { SettingsOverride } from '@hyperdx-tenancy/domain/plans';
import type { Partitioning, Retention } from '@hyperdx-tenancy/domain/tables';
import mongoose, { Schema } from 'mongoose';
import type { HydratedDocument, Types } from 'mongoose';

import type { Credentials } from '../utils/keyring';

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

/** What the tenant's tables and users in ClickHouse were last brought to. */
export interface TenantApplied {
  /** Of platform, plan, templates and access mode together: another one means that there is something to do. */
  base: string;
  /** `null` while it is being changed: tables may have the one before or the one after. */
  retentionHours: Retention | null;
  /** The access mode that its users and its connection were made for; unset in documents of before it was kept. */
  access?: 'grants' | 'guard';
}

/** Work on a tenant that lives: unset once it is done. */
export interface TenantChange {
  kind: TenantChangeKind;
  /** The step that runs, or runs next. */
  step: string;
  attempt: number;
  since: Date;
  lastError: TenantFault | null;
  nextAttemptAt: Date | null;
  /** Of a rotation: the credentials that it leads to. */
  to?: Credentials;
  /** Of a rotation: the collectors' configs that have the new passwords are of this revision, or later. */
  revision?: number;
  /** Of a rotation that waits for collectors: since when it has looked after them without a break. */
  waitingSince?: Date;
  /** Of a rotation: it waits for nobody. */
  forced?: boolean;
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
  /** Counts the changes of name, plan and settings. */
  revision: number;
  /** Name of its plan. */
  plan: string | null;
  /** What differs from the plan. */
  settings: SettingsOverride;
  /** What its tables were made with. */
  partitioning: Partitioning;
  /** Of its ClickHouse users. */
  credentials: Credentials;
  applied: TenantApplied | null;
  change: TenantChange | null;
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

const credentials = new Schema<Credentials>(
  { generation: { type: Number, required: true }, secret: { type: String, required: true } },
  { _id: false },
);
const fault = new Schema<TenantFault>({ code: String, message: String, at: Date }, { _id: false });

const id = { type: Schema.Types.ObjectId, required: true };

const TenantSchema = new Schema<ITenant>(
  {
    name: { type: String, required: true },
    nameKey: { type: String, required: true },
    status: { type: String, enum: tenantStatuses, required: true },
    target: { type: String, required: true },
    schemaVersion: { type: Number, required: true },
    revision: { type: Number, default: 1 },
    plan: { type: String, default: null },
    settings: { type: Schema.Types.Mixed, default: {} },
    partitioning: { type: String, enum: ['day', 'week', 'month'], default: 'day' },
    credentials: { type: credentials, required: true },
    applied: {
      type: new Schema(
        {
          base: String,
          retentionHours: Schema.Types.Mixed,
          access: { type: String, enum: ['grants', 'guard'], required: false },
        },
        { _id: false, minimize: false },
      ),
      default: null,
    },
    change: {
      type: new Schema<TenantChange>(
        {
          kind: { type: String, enum: tenantChangeKinds, required: true },
          step: { type: String, required: true },
          attempt: { type: Number, default: 0 },
          since: { type: Date, required: true },
          lastError: { type: fault, default: null },
          nextAttemptAt: { type: Date, default: null },
          to: { type: credentials, required: false },
          revision: { type: Number, required: false },
          waitingSince: { type: Date, required: false },
          forced: { type: Boolean, required: false },
        },
        { _id: false },
      ),
      default: null,
    },
    members: {
      team: id,
      connection: id,
      sources: { log: id, trace: id, metric: id, session: id },
    },
    firstApiKey: { type: String, required: true },
    request: { type: new Schema({ key: String, hash: String }, { _id: false }) },
    step: { type: String, enum: provisioningSteps, required: true },
    attempt: { type: Number, required: true },
    lastError: { type: fault, default: null },
    nextAttemptAt: { type: Date, default: null },
    lease: { type: new Schema({ owner: String, expiresAt: Date }, { _id: false }), default: null },
  },
  // `minimize` would drop `settings` where nothing is overridden.
  { timestamps: true, minimize: false },
);

TenantSchema.index({ nameKey: 1 }, { unique: true });
TenantSchema.index({ 'request.key': 1 }, { unique: true, sparse: true });
// What the reconciler asks for every few seconds.
TenantSchema.index({ status: 1, nextAttemptAt: 1 });
TenantSchema.index({ 'change.kind': 1 });
// Where tenants are, for each target; and whose plan has changed.
TenantSchema.index({ target: 1, plan: 1 });

/** The form in which two names are the same. */
export function tenantNameKey(name: string): string {
  return name.trim().normalize('NFKC').toLowerCase();
}

export default mongoose.model<ITenant>('Tenant', TenantSchema);
