import { z } from 'zod';

import { LowerObjectIdText } from './objectId';

/** What an operator may do: a viewer reads everything but secrets, an admin changes it as well. */
export const operatorRoles = ['viewer', 'admin'] as const;
export type OperatorRole = (typeof operatorRoles)[number];

/** True where somebody of role `has` may do what needs role `needs`. */
export function mayActAs(has: OperatorRole, needs: OperatorRole): boolean {
  return operatorRoles.indexOf(has) >= operatorRoles.indexOf(needs);
}

/** Days that an operator's token may live: one that nobody renews must not open the door for ever. */
export const MAX_TOKEN_DAYS = 730;

const Role = z.enum(operatorRoles);
const Instant = z.iso.datetime({ offset: true, error: 'must be an ISO 8601 time with its offset' });

/** Body of `POST /tenancy/v1/operator-tokens`. */
export const CreateOperatorToken = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1, 'must not be empty')
    .max(100, 'must have at most 100 characters')
    // It is shown on terminals, as a tenant's name is.
    .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u, 'must not contain control or formatting characters'),
  role: Role,
  /** In the future, at most {@link MAX_TOKEN_DAYS} ahead; without it the token is good until it is revoked. */
  expiresAt: Instant.optional(),
});
export type CreateOperatorToken = z.infer<typeof CreateOperatorToken>;

/** The parameters of a route that ends in a token's id. */
export const OperatorTokenId = z.strictObject({ id: LowerObjectIdText });

export const OperatorTokenView = z.object({
  id: z.string(),
  name: z.string(),
  role: Role,
  /** `null`: good until it is revoked. */
  expiresAt: z.string().nullable(),
  expired: z.boolean(),
  /** Who made it: an operator's name. */
  createdBy: z.string(),
  createdAt: z.string(),
  /** To the minute; `null`: never used. */
  lastUsedAt: z.string().nullable(),
});
export type OperatorTokenView = z.infer<typeof OperatorTokenView>;

export const OperatorTokenList = z.object({ data: z.array(OperatorTokenView) });

/** The answer to its creation, and the only place that ever shows the token. */
export const NewOperatorToken = OperatorTokenView.extend({ token: z.string() });
export type NewOperatorToken = z.infer<typeof NewOperatorToken>;

/** A HyperDX user, by id or by the email address they sign in with. */
export const OperatorUser = z.strictObject({
  user: z
    .string()
    .max(254, 'must have at most 254 characters')
    .regex(/^([a-f0-9]{24}|[^\s@]+@[^\s@]+)$/, "must be a HyperDX user's id or email address"),
});

/** Body of `PUT /tenancy/v1/operators/:user`. */
export const SetOperator = z.strictObject({ role: Role });
export type SetOperator = z.infer<typeof SetOperator>;

export const OperatorView = z.object({
  /** The HyperDX user's id. */
  id: z.string(),
  email: z.string(),
  role: Role,
  /** False once HyperDX has no such user any more: the entry then opens nothing. */
  userExists: z.boolean(),
  createdBy: z.string(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type OperatorView = z.infer<typeof OperatorView>;

export const OperatorList = z.object({ data: z.array(OperatorView) });
