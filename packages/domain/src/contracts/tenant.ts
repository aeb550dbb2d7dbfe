import { z } from 'zod';

import { INGESTION_KEY } from '../collector/keys';
import { isTenantId } from '../ids';

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

/** The steps of making a tenant, in their order; each is done again as a whole after a crash. */
export const provisioningSteps = ['team', 'tables', 'connection', 'sources', 'verify'] as const;
export type ProvisioningStep = (typeof provisioningSteps)[number];

const TenantIdText = z.custom<string>(isTenantId, '24 lower-case hexadecimal digits');

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
});
export type CreateTenant = z.infer<typeof CreateTenant>;

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

export const TenantView = z.object({
  id: TenantIdText,
  name: z.string(),
  status: z.enum(tenantStatuses),
  target: z.string(),
  schemaVersion: z.number().int(),
  /** What was being done, or failed: `null` once the tenant is active. */
  provisioning: z
    .object({
      step: z.enum(provisioningSteps),
      attempt: z.number().int(),
      lastError: z.object({ code: z.string(), message: z.string(), at: z.string() }).nullable(),
    })
    .nullable(),
  teams: z.array(z.object({ id: z.string(), name: z.string(), apiKey: z.string() })),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type TenantView = z.infer<typeof TenantView>;

export const TenantPage = z.object({
  data: z.array(TenantView),
  /** Pass as `after` to read on; `null` at the end. */
  next: z.string().nullable(),
});
export type TenantPage = z.infer<typeof TenantPage>;

/** Every refusal of the admin API. */
export const ErrorBody = z.object({ message: z.string(), code: z.string() });
export type ErrorBody = z.infer<typeof ErrorBody>;
