import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { Router } from 'express';

import type { Context } from '../../controllers/context';
import { requireAdminToken } from '../../middleware/adminToken';
import { jsonBody } from '../../middleware/jsonBody';
import collectorTokensRouter from './collectorTokens';
import tenantsRouter from './tenants';

/** `/tenancy/v1`: for operators alone. Who is not one learns nothing, not even which routes there are. */
export default function adminRouter(
  context: Context,
  adminToken: string,
  isServing: () => boolean,
): Router {
  const router = Router();
  router.use(requireAdminToken(adminToken));
  router.use((_req, _res, next) => {
    // Without its unique indexes, two tenants made at once could share a name or a key.
    if (!isServing())
      throw new TenancyError(
        'mongo_unavailable',
        'MongoDB is not usable yet; GET /ready says what is missing.',
      );
    next();
  });
  router.use(jsonBody);
  router.use('/tenants', tenantsRouter(context));
  router.use('/collector-tokens', collectorTokensRouter(context));
  return router;
}
