import { ADMIN_BASE } from '@hyperdx-tenancy/domain/contracts/routes';
import cors from 'cors';
import express from 'express';
import type { Express } from 'express';
import helmet from 'helmet';

import type { Config } from './config';
import { connectionRules } from './controllers/connectionRules';
import type { Context } from './controllers/context';
import type { Readiness } from './controllers/readiness';
import type { Door } from './door';
import { errorHandler, notFound } from './middleware/errors';
import { requestId } from './middleware/requestId';
import { requestLog } from './middleware/requestLog';
import { sameSite } from './middleware/sameSite';
import { sessionMiddleware } from './middleware/session';
import adminRouter from './routers/admin';
import myRouter from './routers/admin/me';
import authRouter from './routers/api/auth';
import clickhouseProxyRouter from './routers/api/clickhouseProxy';
import connectionsRouter from './routers/api/connections';
import meRouter from './routers/api/me';
import rootRouter from './routers/api/root';
import sourcesRouter from './routers/api/sources';
import teamRouter from './routers/api/team';
import externalRouter from './routers/external-api/v2';

/** What the application passes requests on to. */
export interface ApiParts {
  readiness: Readiness;
  /** Whether MongoDB was made ready for us. */
  isServing: () => boolean;
  door: Door;
}

/** The HTTP application, without a port: what it serves and in which order. */
export default function createApiApp(
  config: Config,
  context: Context,
  { readiness, isServing, door }: ApiParts,
): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.set('trust proxy', config.trustProxy);
  app.use(requestId, requestLog(context.metrics, context.log), helmet());
  const rules = connectionRules(config);
  const sessions = sessionMiddleware(config, isServing);
  const signedIn = [...sessions, sameSite(config)];
  app.use(`${ADMIN_BASE}/me`, myRouter(config, context, sessions));
  app.use(ADMIN_BASE, adminRouter({ config, context, isServing, sessions }));
  // As HyperDX answers, with the one origin whatever the request says. The admin API has none of it.
  app.use(cors({ origin: config.frontendUrl, credentials: true }));
  app.use(rootRouter(config, readiness));
  app.use(authRouter(config, context, sessions));
  // HyperDX's routes for who is signed in: each router asks for its own user.
  app.use('/me', signedIn, meRouter(config, context));
  app.use('/team', signedIn, teamRouter(config, context));
  app.use('/sources', signedIn, sourcesRouter(context));
  app.use('/connections', signedIn, connectionsRouter(context, rules));
  app.use('/clickhouse-proxy', signedIn, clickhouseProxyRouter(door, context, rules));
  app.use('/api/v2', externalRouter(context, rules, config.frontendUrl));
  app.use(notFound, errorHandler(context.log));
  return app;
}
