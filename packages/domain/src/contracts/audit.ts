import { z } from 'zod';

import { LowerObjectIdText } from './objectId';

/** Everything that is recorded, `<noun>.<verb>`; a noun's recorded fields are stated in `auditFields.ts`. */
export const auditActions = [
  'tenant.create',
  'tenant.retry',
  'tenant.update',
  'tenant.apply',
  'tenant.rotate',
  'plan.follow',
  'secret.rotate',
  'invitation.create',
  'support.begin',
  'support.end',
  'collectorToken.create',
  'collectorToken.rotate',
  'collectorToken.delete',
  'collectorGroup.create',
  'collectorGroup.update',
  'collectorGroup.delete',
  'collectorConfig.read',
  'collectorRollout.pause',
  'collectorRollout.resume',
  'collectorRollout.rollback',
  'collectorRollout.release',
  'collectorRollout.retry',
  'collectorRollout.acquit',
  'collectorRollout.fail',
  'collectorQuarantine.begin',
  'collectorQuarantine.end',
  'collectorAgent.move',
  'collectorAgent.forget',
  'operator.set',
  'operator.delete',
  'operatorToken.create',
  'operatorToken.delete',
] as const;
export type AuditAction = (typeof auditActions)[number];

/** Who did it: a token, a HyperDX user, the holder of `TENANCY_ADMIN_TOKEN`, or the service by itself. */
export const actorKinds = ['token', 'user', 'bootstrap', 'system'] as const;

export const AuditActor = z.object({
  kind: z.enum(actorKinds),
  /** A token's or a user's id; `bootstrap`; the task's name for `system`. */
  id: z.string(),
  /** As it was then. */
  name: z.string(),
});
export type AuditActor = z.infer<typeof AuditActor>;

const Instant = z.iso.datetime({ offset: true, error: 'must be an ISO 8601 time with its offset' });

/** Query of `GET /tenancy/v1/audit`: newest first; `after` is the `next` of the page before. */
export const ListAudit = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  after: z
    .string()
    .regex(/^\d{1,14}\.[a-f0-9]{24}$/, 'must be the `next` of an earlier page')
    .optional(),
  tenant: LowerObjectIdText.optional(),
  action: z.enum(auditActions).optional(),
  /** An actor's id. */
  actor: z.string().min(1).max(100).optional(),
  /** From this time on. */
  since: Instant.optional(),
  /** Before this time. */
  until: Instant.optional(),
});
export type ListAudit = z.infer<typeof ListAudit>;

/** Fields of the thing that was changed; what may hold a secret is `[redacted]`. */
const Snapshot = z.record(z.string(), z.unknown()).nullable();

export const AuditEventView = z.object({
  id: z.string(),
  at: z.string(),
  actor: AuditActor,
  /** Of the client; `null` for `system`. */
  address: z.string().nullable(),
  requestId: z.string().nullable(),
  action: z.string(),
  /** The tenant it was done to, where there is one. */
  tenant: z.string().nullable(),
  /** Id or name of what was changed, where it is not a tenant. */
  subject: z.string().nullable(),
  before: Snapshot,
  /** What was asked for. */
  asked: Snapshot,
  after: Snapshot,
  /** `null`: not ended yet, or the process died over it. */
  outcome: z.enum(['ok', 'failed']).nullable(),
  /** The error's code where it failed. */
  code: z.string().nullable(),
  endedAt: z.string().nullable(),
});
export type AuditEventView = z.infer<typeof AuditEventView>;

export const AuditPage = z.object({
  data: z.array(AuditEventView),
  /** Pass as `after` to read on; `null` at the end. */
  next: z.string().nullable(),
});
export type AuditPage = z.infer<typeof AuditPage>;
