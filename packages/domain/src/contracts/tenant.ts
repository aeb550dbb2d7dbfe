import { z } from 'zod';

import { INGESTION_KEY } from '../collector/keys';
import { PlanName, SettingsOverride, SettingsPatch } from '../plans';
import { TargetName } from './target';

/** Where a tenant is in its life (the design's "A tenant's life"). */
export const tenantStatuses = [
  'provisioning',
  'active',
  'failed',
  'suspended',
  'deleting',
  'deleted',
] as const;
export type TenantStatus = (typeof tenantStatuses)[number];

/** Complete tenants: what collectors know of, and what can be changed. */
export const livingStatuses = ['active', 'suspended'] as const satisfies readonly TenantStatus[];

/** The steps of making a tenant, in their order; each is done again as a whole after a crash. */
export const provisioningSteps = ['team', 'tables', 'access', 'documents'] as const;
export type ProvisioningStep = (typeof provisioningSteps)[number];

/** Work on a tenant that lives: settings brought to ClickHouse, new passwords. */
export const tenantChangeKinds = ['settings', 'rotation'] as const;
export type TenantChangeKind = (typeof tenantChangeKinds)[number];

/** The steps of bringing settings to ClickHouse. */
export const settingsSteps = ['tables', 'access', 'connection'] as const;
export type SettingsStep = (typeof settingsSteps)[number];

/**
 * The steps of new passwords: a second one is made valid, connection and collectors' configs take it over, every
 * collector has applied it, the first one is taken away.
 */
export const rotationSteps = ['add', 'switch', 'acknowledge', 'drop'] as const;
export type RotationStep = (typeof rotationSteps)[number];

const TenantIdText = z.string().regex(/^[a-f0-9]{24}$/, '24 lower-case hexadecimal digits');

/** HyperDX limits the name of a team to 1 to 100 characters (PATCH /team/name). */
export const TenantName = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(100, 'must have at most 100 characters')
  // A name ends up in tables on a terminal: nothing that moves a cursor, breaks a line or turns its direction.
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, 'must not contain control or formatting characters');

export const IngestionKey = z
  .string()
  .regex(INGESTION_KEY, 'must be 8 to 128 of the characters A-Z a-z 0-9 . _ ~ + / $ -');

/** Body of `POST /tenancy/v1/tenants`. An unknown field is an error, so that a typing mistake is not lost. */
export const CreateTenant = z.strictObject({
  name: TenantName,
  /** The first team's ingestion key; a random UUID where it is left out. */
  apiKey: IngestionKey.optional(),
  /** The ClickHouse target that holds its tables; the one with most room where it is left out. */
  target: TargetName.optional(),
  /** Its plan; the plans file's default where it is left out. */
  plan: PlanName.optional(),
  /** What differs from the plan. */
  settings: SettingsOverride.optional(),
});
export type CreateTenant = z.infer<typeof CreateTenant>;

/** Body of `PATCH /tenancy/v1/tenants/:id`: what is left out stays. */
export const UpdateTenant = z.strictObject({
  name: TenantName.optional(),
  /** `null`: the plans file's default, or no plan. */
  plan: PlanName.nullish(),
  settings: SettingsPatch.optional(),
});
export type UpdateTenant = z.infer<typeof UpdateTenant>;

/** Body of `POST /tenancy/v1/tenants/:id/rotate`. */
export const RotateTenant = z.strictObject({
  /** Do not wait for collectors: those that have not taken the new password over by then are refused by ClickHouse. */
  force: z.boolean().default(false),
});
export type RotateTenant = z.infer<typeof RotateTenant>;

/** The header `Idempotency-Key` of `POST /tenancy/v1/tenants`: any visible ASCII, such as a UUID. */
export const IdempotencyKey = z
  .string()
  .regex(/^[!-~]{1,255}$/, 'must be 1 to 255 visible ASCII characters');

/** Query of `GET /tenancy/v1/tenants`: newest last, `after` is the last id of the page before. */
export const ListTenants = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(100),
  after: TenantIdText.optional(),
  status: z.enum(tenantStatuses).optional(),
  name: TenantName.optional(),
});
export type ListTenants = z.infer<typeof ListTenants>;

const Fault = z.object({ code: z.string(), message: z.string(), at: z.string() });

export const TenantView = z.object({
  id: TenantIdText,
  name: z.string(),
  status: z.enum(tenantStatuses),
  target: z.string(),
  plan: z.string().nullable(),
  /** What differs from the plan; `GET /tenancy/v1/tenants/:id/effective` has what is in force. */
  settings: SettingsOverride,
  schemaVersion: z.number().int(),
  /** What was being done, or failed: `null` once the tenant is active. */
  provisioning: z
    .object({
      step: z.enum(provisioningSteps),
      attempt: z.number().int(),
      lastError: Fault.nullable(),
    })
    .nullable(),
  /** What is being done with a tenant that lives; `null` for nothing. */
  change: z
    .object({
      kind: z.enum(tenantChangeKinds),
      step: z.string(),
      attempt: z.number().int(),
      since: z.string(),
      lastError: Fault.nullable(),
    })
    .nullable(),
  teams: z.array(z.object({ id: z.string(), name: z.string(), apiKey: z.string() })),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type TenantView = z.infer<typeof TenantView>;

/** Answer of `GET /tenancy/v1/tenants/:id/effective`. */
export const EffectiveSettings = z.object({
  tenant: TenantIdText,
  plan: z.string().nullable(),
  /** False while what is listed is still being brought to ClickHouse. */
  applied: z.boolean(),
  values: z.array(
    z.object({
      name: z.string(),
      value: z.unknown(),
      origin: z.enum(['tenant', 'plan', 'platform', 'tables']),
    }),
  ),
});
export type EffectiveSettings = z.infer<typeof EffectiveSettings>;

/** Answer of `/tenancy/v1/secret`: tenants whose passwords still come from another secret than the present one. */
export const SecretState = z.object({ left: z.int() });
export type SecretState = z.infer<typeof SecretState>;

export const TenantPage = z.object({
  data: z.array(TenantView),
  /** Pass as `after` to read on; `null` at the end. */
  next: z.string().nullable(),
});
export type TenantPage = z.infer<typeof TenantPage>;

/** Every refusal of the admin API. */
export const ErrorBody = z.object({ message: z.string(), code: z.string() });
export type ErrorBody = z.infer<typeof ErrorBody>;
