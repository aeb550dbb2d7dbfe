import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { RequestHandler } from 'express';

import { sameToken } from '../utils/secrets';

const BEARER = /^Bearer +([^\s]+)$/i;

/** The token of an `Authorization: Bearer` header (RFC 6750, section 2.1). */
export function bearerToken(header: string | undefined): string | undefined {
  return header === undefined ? undefined : BEARER.exec(header)?.[1];
}

/** Lets through who holds the operator's token. It stands before any body is read. */
export function requireAdminToken(adminToken: string): RequestHandler {
  return function adminTokenGate(req, res, next) {
    const token = bearerToken(req.get('authorization'));
    if (token !== undefined && sameToken(token, adminToken)) {
      next();
      return;
    }
    res.setHeader('www-authenticate', 'Bearer realm="hyperdx-tenancy"');
    throw new TenancyError('unauthorized', 'Authorization: send "Bearer <TENANCY_ADMIN_TOKEN>".');
  };
}
