import { mayActAs } from '@hyperdx-tenancy/domain/contracts/operator';
import { listAdminRoutes } from '@hyperdx-tenancy/domain/contracts/routes';
import type { AdminRoute } from '@hyperdx-tenancy/domain/contracts/routes';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { Router } from 'express';
import type { RequestHandler } from 'express';

import { operatorOf } from './operator';

/**
 * Lets an operator through whose role is enough for the route, as the table of routes states it; what is not in the table
 * is not there. It stands behind `requireOperator` and before any router, and matches paths with a router of its own: the
 * same code that will match them again, so that the two cannot read one path differently.
 */
export function requireRole(routes: readonly AdminRoute[] = listAdminRoutes()): RequestHandler {
  const table = Router();
  for (const { method, path, role } of routes) {
    table[method](path, (_req, res, next) => {
      if (!mayActAs(operatorOf(res).role, role)) {
        throw new TenancyError('forbidden', `This needs an operator of role "${role}".`);
      }
      // The first entry decides; this leaves the table.
      next('router');
    });
  }
  table.use((req) => {
    throw new TenancyError(
      'not_found',
      `There is no route ${req.method} ${req.baseUrl}${req.path}.`,
    );
  });
  return function roleGate(req, res, next) {
    table(req, res, next);
  };
}
