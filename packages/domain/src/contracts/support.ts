import { z } from 'zod';

import { EmailAddress } from './account';
import { LowerObjectIdText } from './objectId';

/** Minutes that one entry may last: a working day. */
export const MAX_SUPPORT_MINUTES = 480;

/** Body of `POST /tenancy/v1/tenants/:id/support`. */
export const BeginSupport = z.strictObject({
  /** Shown to the tenant. */
  reason: z
    .string()
    .trim()
    .min(3, 'must have at least 3 characters')
    .max(500, 'must have at most 500 characters')
    .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, 'must not contain control or formatting characters'),
  minutes: z.int().min(1, 'must be at least 1').max(MAX_SUPPORT_MINUTES, 'must be at most 480'),
  /** Of a tenant with several teams, the one to enter; its first where it is left out. */
  team: LowerObjectIdText.optional(),
});
export type BeginSupport = z.infer<typeof BeginSupport>;

/** Parameters of a route that ends in a support entry's id. */
export const SupportParams = z.strictObject({ id: LowerObjectIdText, entry: LowerObjectIdText });

/** A time that an operator spends, or has spent, in a team of a tenant. */
export const SupportView = z.object({
  id: z.string(),
  tenant: z.string(),
  team: z.string(),
  /** The operator: id and address of a HyperDX user. */
  user: z.string(),
  email: z.string(),
  reason: z.string(),
  startedAt: z.string(),
  expiresAt: z.string(),
  /** `null` while it lasts. */
  endedAt: z.string().nullable(),
});
export type SupportView = z.infer<typeof SupportView>;

/** Newest first; the last hundred. */
export const SupportList = z.object({ data: z.array(SupportView) });

/** Body of `POST /tenancy/v1/tenants/:id/invitations`. */
export const CreateInvitation = z.strictObject({
  email: EmailAddress,
  name: z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(100, 'must have at most 100 characters')
    .optional(),
  /** Of a tenant with several teams, the one to invite into; its first where it is left out. */
  team: LowerObjectIdText.optional(),
});
export type CreateInvitation = z.infer<typeof CreateInvitation>;

/** The way into the team, for the one who was invited: whoever has it may take it. */
export const NewInvitation = z.object({
  email: z.string(),
  team: z.string(),
  url: z.string(),
  expiresAt: z.string(),
});
export type NewInvitation = z.infer<typeof NewInvitation>;
