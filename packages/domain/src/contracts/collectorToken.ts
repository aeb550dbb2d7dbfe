import { z } from 'zod';

import { CollectorGroup } from './collectorGroup';
import { LowerObjectIdText } from './objectId';

/** The parameters of a route that ends in a token's id. */
export const CollectorTokenId = z.strictObject({ id: LowerObjectIdText });

/** Body of `POST /tenancy/v1/collector-tokens`. */
export const CreateCollectorToken = z.strictObject({
  name: z.string().trim().min(1, 'must not be empty').max(100, 'must have at most 100 characters'),
  group: CollectorGroup,
});
export type CreateCollectorToken = z.infer<typeof CreateCollectorToken>;

/** Body of `POST /tenancy/v1/collector-tokens/:id/rotate`. */
export const RotateCollectorToken = z.strictObject({
  /** How long the token before stays good beside the new one, minutes. */
  overlapMinutes: z
    .int()
    .min(0)
    .max(60 * 24 * 90)
    .default(60 * 24),
});
export type RotateCollectorToken = z.infer<typeof RotateCollectorToken>;

/** `replaced`: good until `expiresAt`. A revoked or expired one answers 403, one that never was 401. */
export const collectorTokenStates = ['active', 'replaced', 'expired', 'revoked'] as const;

export const CollectorTokenView = z.object({
  id: z.string(),
  name: z.string(),
  group: CollectorGroup,
  /** The same as one text. */
  groupId: z.string(),
  state: z.enum(collectorTokenStates),
  createdAt: z.string(),
  /** Set by a rotation. */
  expiresAt: z.string().nullable(),
  revokedAt: z.string().nullable(),
  /** The token that took its place. */
  replacedBy: z.string().nullable(),
});
export type CollectorTokenView = z.infer<typeof CollectorTokenView>;

/** The answer to its creation, and the only place that ever shows the token. */
export const NewCollectorToken = CollectorTokenView.extend({ token: z.string() });
export type NewCollectorToken = z.infer<typeof NewCollectorToken>;

/** Oldest first. */
export const CollectorTokenList = z.object({ data: z.array(CollectorTokenView) });
