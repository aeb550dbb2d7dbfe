import { Router } from 'express';

import type { Config } from '../../config';
import type { Context } from '../../controllers/context';
import { getTeam } from '../../controllers/team';
import { renewAccessKey } from '../../controllers/users';
import { requireUser, userOf } from '../../middleware/user';

/** HyperDX's `/me`: who is signed in, and the whole of the team that they are in. It stands behind `sessionMiddleware`. */
export default function meRouter(
  config: Pick<Config, 'usageStatsEnabled' | 'aiAssistantEnabled'>,
  context: Context,
): Router {
  const router = Router();
  const { usageStatsEnabled, aiAssistantEnabled } = config;
  router.use(requireUser(context));

  router.get('/', async (_req, res) => {
    const { id, accessKey, createdAt, email, name, team } = userOf(res);
    res.json({
      accessKey,
      createdAt,
      email,
      id,
      name,
      team: await getTeam(team),
      usageStatsEnabled,
      aiAssistantEnabled,
    });
  });

  router.patch('/accessKey', async (_req, res) => {
    res.json({ newAccessKey: await renewAccessKey(userOf(res).id) });
  });

  return router;
}
