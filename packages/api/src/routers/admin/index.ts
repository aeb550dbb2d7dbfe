import { Router } from 'express';

import type { Context } from '../../controllers/context';
import { jsonBody } from '../../middleware/jsonBody';
import { requireOperator } from '../../middleware/operator';
import { requireRole } from '../../middleware/role';
import auditRouter from './audit';
import collectorTokensRouter from './collectorTokens';
import doctorRouter from './doctor';
import openapiRouter from './openapi';
import operatorsRouter from './operators';
import operatorTokensRouter from './operatorTokens';
import plansRouter from './plans';
import secretRouter from './secret';
import targetsRouter from './targets';
import tenantsRouter from './tenants';

/** `/tenancy/v1`: for operators alone. Who is not one learns nothing, not even which routes there are. */
export default function adminRouter(
  context: Context,
  adminToken: string | undefined,
  isServing: () => boolean,
): Router {
  const router = Router();
  const wayBack = { bootstrap: adminToken !== undefined };
  router.use(requireOperator({ adminToken, isServing, context }));
  router.use(requireRole());
  router.use(jsonBody);
  router.use('/tenants', tenantsRouter(context));
  router.use('/collector-tokens', collectorTokensRouter(context));
  router.use('/operator-tokens', operatorTokensRouter(context, wayBack));
  router.use('/operators', operatorsRouter(context, wayBack));
  router.use('/targets', targetsRouter(context));
  router.use('/plans', plansRouter(context));
  router.use('/secret', secretRouter(context));
  router.use('/audit', auditRouter());
  router.use('/doctor', doctorRouter(context, wayBack));
  router.use('/openapi.json', openapiRouter());
  return router;
}
