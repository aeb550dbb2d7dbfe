import { AuditEventView, AuditPage } from '@hyperdx-tenancy/domain/contracts/audit';
import {
  DoctorCheckView,
  DoctorFinding,
  DoctorReport,
} from '@hyperdx-tenancy/domain/contracts/doctor';
import { DoorAccess } from '@hyperdx-tenancy/domain/contracts/door';
import { OperatorTokenView, OperatorView } from '@hyperdx-tenancy/domain/contracts/operator';
import { PlanView } from '@hyperdx-tenancy/domain/contracts/plan';
import { NewInvitation, SupportView } from '@hyperdx-tenancy/domain/contracts/support';
import { TargetView } from '@hyperdx-tenancy/domain/contracts/target';
import {
  EffectiveSettings,
  SecretState,
  TenantPage,
  TenantView,
} from '@hyperdx-tenancy/domain/contracts/tenant';
import { z } from 'zod';

// What the API answers, as this program reads it: the contracts, but a newer API may know more words, settings and
// fields than they do. These are shown as they come, and `--json` passes them on.
const word = z.string();
const settings = z.record(z.string(), z.unknown());
const { provisioning, change } = TenantView.shape;

export const Tenant = TenantView.extend({
  status: word,
  settings,
  provisioning: provisioning.unwrap().extend({ step: word }).loose().nullable(),
  change: change.unwrap().extend({ kind: word }).loose().nullable(),
}).loose();
export type Tenant = z.infer<typeof Tenant>;

export const Tenants = TenantPage.extend({ data: z.array(Tenant) });

export const Effective = EffectiveSettings.extend({
  values: z.array(EffectiveSettings.shape.values.element.extend({ origin: word }).loose()),
}).loose();
export type Effective = z.infer<typeof Effective>;

export const Door = DoorAccess.loose();
export type Door = z.infer<typeof Door>;

export const Invitation = NewInvitation.loose();

export const Support = SupportView.loose();
export type Support = z.infer<typeof Support>;

export const Secret = SecretState.loose();
export type Secret = z.infer<typeof Secret>;

export const Target = TargetView.extend({ access: word }).loose();
export type Target = z.infer<typeof Target>;

export const Plan = PlanView.extend({ settings }).loose();
export type Plan = z.infer<typeof Plan>;

export const Operator = OperatorView.extend({ role: word }).loose();
export type Operator = z.infer<typeof Operator>;

export const OperatorToken = OperatorTokenView.extend({ role: word }).loose();
export type OperatorToken = z.infer<typeof OperatorToken>;

export const NewOperatorToken = OperatorToken.extend({ token: z.string().min(1) });
export type NewOperatorToken = z.infer<typeof NewOperatorToken>;

export const AuditEvent = AuditEventView.extend({
  actor: AuditEventView.shape.actor.extend({ kind: word }).loose(),
  outcome: word.nullable(),
}).loose();
export type AuditEvent = z.infer<typeof AuditEvent>;

export const AuditEvents = AuditPage.extend({ data: z.array(AuditEvent) });

export const Doctor = DoctorReport.extend({
  findings: z.array(DoctorFinding.extend({ severity: word, check: word }).loose()),
  checks: z.array(DoctorCheckView.extend({ name: word, status: word }).loose()),
}).loose();
export type Doctor = z.infer<typeof Doctor>;

/** A list that is answered as a whole. */
export const listOf = <Schema extends z.ZodType>(schema: Schema) =>
  z.object({ data: z.array(schema) });
