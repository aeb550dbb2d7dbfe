import { literal } from '../config';
import type { ComponentBuilder } from '../context';

/** HyperDX's id for it. */
export const BEARER_TOKEN_AUTH = 'bearertokenauth/hyperdx';

/**
 * Lets in the requests whose first `authorization` value is one of the tokens, without a scheme in front;
 * answers 401 (gRPC Unauthenticated) to the rest. No tokens: no guard.
 */
export const bearerTokenAuth: ComponentBuilder = ({ tokens }) =>
  tokens.length === 0
    ? {}
    : { extensions: { [BEARER_TOKEN_AUTH]: { scheme: '', tokens: tokens.map(literal) } } };
