import { ADMIN_BASE } from '@hyperdx-tenancy/domain/contracts/routes';
import express from 'express';
import type { Express } from 'express';
import helmet from 'helmet';

import type { Config } from './config';
import type { Context } from './controllers/context';
import type { Readiness } from './controllers/readiness';
import { errorHandler, notFound } from './middleware/errors';
import { requestId } from './middleware/requestId';
import { requestLog } from './middleware/requestLog';
import adminRouter from './routers/admin';
import rootRouter from './routers/api/root';

/**
 * The HTTP application, without a port: what it serves and in which order.
 * @param isServing whether MongoDB was made ready for us.
 */
export default function createApiApp(
  config: Config,
  context: Context,
  readiness: Readiness,
  isServing: () => boolean,
): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.set('trust proxy', config.trustProxy);
  app.use(requestId, requestLog(context.metrics, context.log), helmet());
  app.use(rootRouter(config, readiness));
  app.use(ADMIN_BASE, adminRouter(context, config.adminToken, isServing));
  app.use(notFound, errorHandler(context.log));
  return app;
}
