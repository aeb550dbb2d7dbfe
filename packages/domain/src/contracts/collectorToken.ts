import { z } from 'zod';

import { LowerObjectIdText } from './objectId';
import { TargetName } from './target';

/**
 * What a collector token opens: the shared group of a target, or one team's dedicated group. It never
 * opens both, and no message of an agent changes it.
 */
export const CollectorGroup = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('shared'), target: TargetName.default('default') }),
  z.strictObject({ kind: z.literal('dedicated'), team: LowerObjectIdText }),
]);
export type CollectorGroup = z.infer<typeof CollectorGroup>;

/** The parameters of a route that ends in a token's id. */
export const CollectorTokenId = z.strictObject({ id: LowerObjectIdText });

/** Body of `POST /tenancy/v1/collector-tokens`. */
export const CreateCollectorToken = z.strictObject({
  name: z.string().trim().min(1, 'must not be empty').max(100, 'must have at most 100 characters'),
  group: CollectorGroup,
});
export type CreateCollectorToken = z.infer<typeof CreateCollectorToken>;

export const CollectorTokenView = z.object({
  id: z.string(),
  name: z.string(),
  group: CollectorGroup,
  createdAt: z.string(),
});
export type CollectorTokenView = z.infer<typeof CollectorTokenView>;

/** The answer to its creation, and the only place that ever shows the token. */
export const NewCollectorToken = CollectorTokenView.extend({ token: z.string() });
export type NewCollectorToken = z.infer<typeof NewCollectorToken>;
