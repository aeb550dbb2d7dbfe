import { Router } from 'express';
import type { RequestHandler } from 'express';

import type { Config } from '../../config';
import { CollectorDesk } from '../../controllers/collectorDesk';
import type { DeskSettings } from '../../controllers/collectorDesk';
import type { Context } from '../../controllers/context';
import { bearerToken } from '../../middleware/bearerToken';
import { jsonBody } from '../../middleware/jsonBody';
import { requireOperator } from '../../middleware/operator';
import { requireRole } from '../../middleware/role';
import { sameSite } from '../../middleware/sameSite';
import { hasSessionCookie } from '../../middleware/session';
import auditRouter from './audit';
import collectorAgentsRouter from './collectorAgents';
import collectorGroupsRouter from './collectorGroups';
import collectorTokensRouter from './collectorTokens';
import doctorRouter from './doctor';
import openapiRouter from './openapi';
import operatorsRouter from './operators';
import operatorTokensRouter from './operatorTokens';
import plansRouter from './plans';
import secretRouter from './secret';
import supportRouter from './support';
import targetsRouter from './targets';
import tenantsRouter from './tenants';

export interface AdminRouterOptions {
  config: Pick<Config, 'adminToken' | 'frontendUrl'> & DeskSettings;
  context: Context;
  /** Whether MongoDB was made ready for us. */
  isServing: () => boolean;
  /** Of `sessionMiddleware`. */
  sessions: readonly RequestHandler[];
}

/** Looks a session up for those alone who may come by one: with its cookie, and without a token. */
function operatorSessions({ sessions, config }: AdminRouterOptions): RequestHandler {
  const bySession = Router().use(...sessions, sameSite(config));
  return function sessionWay(req, res, next) {
    const hasToken = bearerToken(req.get('authorization')) !== undefined;
    if (!hasToken && hasSessionCookie(req)) bySession(req, res, next);
    else next();
  };
}

/** `/tenancy/v1`: for operators alone. Who is not one learns nothing, not even which routes there are. */
export default function adminRouter(options: AdminRouterOptions): Router {
  const { config, context, isServing } = options;
  const { adminToken } = config;
  const router = Router();
  const wayBack = { bootstrap: adminToken !== undefined };
  router.use(operatorSessions(options));
  router.use(requireOperator({ adminToken, isServing, context }));
  router.use(requireRole());
  router.use(jsonBody);
  router.use('/tenants', tenantsRouter(context));
  router.use('/tenants', supportRouter(config, context));
  router.use('/collector-agents', collectorAgentsRouter(context));
  router.use('/collector-groups', collectorGroupsRouter(new CollectorDesk(config, context)));
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
