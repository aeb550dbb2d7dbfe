import { Router } from 'express';

import type { ConnectionRules } from '../../../controllers/connectionRules';
import type { Context } from '../../../controllers/context';
import { requestRate } from '../../../middleware/requestRate';
import { requireAccessKey } from '../../../middleware/user';
import connectionsRouter from './connections';
import sourcesRouter from './sources';
import teamRouter from './team';

/** HyperDX 2.36: for each of the routers. */
const REQUESTS_A_MINUTE = 100;

/**
 * The part of HyperDX's external API (`/api/v2`) that is ours: what reads or writes teams, sources and connections.
 * @param frontendUrl where invitations lead.
 */
export default function externalRouter(
  context: Context,
  rules: ConnectionRules,
  frontendUrl: string,
): Router {
  const router = Router();
  const gate = requireAccessKey(context);
  const parts = {
    '/sources': sourcesRouter(context),
    '/connections': connectionsRouter(context, rules),
    '/team': teamRouter(context, frontendUrl),
  };
  for (const [path, part] of Object.entries(parts)) {
    router.use(path, gate, requestRate(REQUESTS_A_MINUTE), part);
  }
  return router;
}
