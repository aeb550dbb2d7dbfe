import { actorKinds, auditActions } from '@hyperdx-tenancy/domain/contracts/audit';
import type { AuditAction, AuditActor } from '@hyperdx-tenancy/domain/contracts/audit';
import mongoose, { Schema } from 'mongoose';
import type { Types } from 'mongoose';

/** Fields of what was changed, without secrets. */
export type AuditSnapshot = Record<string, unknown>;

/** One change: written before it is made, completed when it has ended. Never changed after that. */
export interface IAuditEvent {
  _id: Types.ObjectId;
  at: Date;
  actor: AuditActor;
  /** The client's; `null` for the service itself. */
  address: string | null;
  requestId: string | null;
  action: AuditAction;
  /** A tenant's id, also of one that is gone by now: no reference. */
  tenant: string | null;
  subject: string | null;
  before: AuditSnapshot | null;
  asked: AuditSnapshot | null;
  after: AuditSnapshot | null;
  /** `null`: not ended yet, or the process died over it. */
  outcome: 'ok' | 'failed' | null;
  code: string | null;
  endedAt: Date | null;
}

const snapshot = { type: Schema.Types.Mixed, default: null };

const AuditEventSchema = new Schema<IAuditEvent>(
  {
    at: { type: Date, required: true },
    actor: {
      type: new Schema<AuditActor>(
        {
          kind: { type: String, enum: actorKinds, required: true },
          id: { type: String, required: true },
          name: { type: String, required: true },
        },
        // `id` is a field of ours here, not mongoose's text of `_id`.
        { _id: false, id: false },
      ),
      required: true,
    },
    address: { type: String, default: null },
    requestId: { type: String, default: null },
    action: { type: String, enum: auditActions, required: true },
    tenant: { type: String, default: null },
    subject: { type: String, default: null },
    before: snapshot,
    asked: snapshot,
    after: snapshot,
    outcome: { type: String, enum: ['ok', 'failed', null], default: null },
    code: { type: String, default: null },
    endedAt: { type: Date, default: null },
  },
  { collection: 'tenancyaudit', minimize: false },
);

// The order of a page, alone and behind each filter that narrows it well.
AuditEventSchema.index({ at: -1, _id: -1 });
AuditEventSchema.index({ tenant: 1, at: -1, _id: -1 });
AuditEventSchema.index({ 'actor.id': 1, at: -1, _id: -1 });
AuditEventSchema.index({ action: 1, at: -1, _id: -1 });

export default mongoose.model<IAuditEvent>('AuditEvent', AuditEventSchema);
