import { Router } from 'express';

import type { Context } from '../../controllers/context';
import { requireAdminToken } from '../../middleware/adminToken';
import { jsonBody } from '../../middleware/jsonBody';
import collectorTokensRouter from './collectorTokens';
import tenantsRouter from './tenants';

/** `/tenancy/v1`: for operators alone. Who is not one learns nothing, not even which routes there are. */
export default function adminRouter(context: Context, adminToken: string): Router {
  const router = Router();
  router.use(requireAdminToken(adminToken), jsonBody);
  router.use('/tenants', tenantsRouter(context));
  router.use('/collector-tokens', collectorTokensRouter());
  return router;
}
