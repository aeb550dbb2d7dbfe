import {
  AgentParams,
  AgentQuery,
  ListCollectorAgents,
} from '@hyperdx-tenancy/domain/contracts/collectorAgent';
import { Router } from 'express';

import { recordChange } from '../../controllers/audit';
import { forgetAgent, getAgent, listAgents } from '../../controllers/collectorAgentViews';
import type { Context } from '../../controllers/context';
import { originOf } from '../../middleware/operator';
import { validate } from '../../utils/validate';

/** `/tenancy/v1/collector-agents` */
export default function collectorAgentsRouter(context: Context): Router {
  const router = Router();

  router.get('/', async (req, res) => {
    res.json(await listAgents(validate(ListCollectorAgents, req.query), context));
  });

  router.get('/:uid', async (req, res) => {
    const { uid } = validate(AgentParams, req.params);
    res.json(await getAgent(uid, validate(AgentQuery, req.query), context));
  });

  router.delete('/:uid', async (req, res) => {
    const { uid } = validate(AgentParams, req.params);
    const query = validate(AgentQuery, req.query);
    // What is not known leaves no event.
    await getAgent(uid, query, context);
    await recordChange(
      originOf(req, res),
      { action: 'collectorAgent.forget', subject: uid },
      () => forgetAgent(uid, query, context),
      (groups) => ({ after: { instanceUid: uid, groups } }),
      context,
    );
    res.status(204).end();
  });

  return router;
}
