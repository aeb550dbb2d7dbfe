import { SwitchTeam } from '@hyperdx-tenancy/domain/contracts/me';
import { Router } from 'express';
import type { RequestHandler } from 'express';

import type { Config } from '../../config';
import type { Context } from '../../controllers/context';
import { listMyTeams, switchTeam } from '../../controllers/memberships';
import { listSupport } from '../../controllers/support';
import { findUser } from '../../controllers/users';
import { jsonBody } from '../../middleware/jsonBody';
import { sameSite } from '../../middleware/sameSite';
import { accountOf, requireAccount, requireUser, userOf } from '../../middleware/user';
import { validate } from '../../utils/validate';

/**
 * `/tenancy/v1/me`: what tenancy has to say to whoever is signed in, operator or not, about themselves and the tenant that
 * they are in.
 */
export default function myRouter(
  config: Pick<Config, 'frontendUrl'>,
  context: Context,
  sessions: readonly RequestHandler[],
): Router {
  const router = Router();
  router.use(...sessions, sameSite(config), requireAccount(context));

  router.get('/teams', async (_req, res) => {
    res.json(await listMyTeams(accountOf(res)));
  });

  router.post('/team', jsonBody, async (req, res) => {
    const { team } = validate(SwitchTeam, req.body);
    const account = accountOf(res);
    await switchTeam(account, team);
    const now = (await findUser(account._id.toHexString())) ?? account;
    res.json(await listMyTeams(now));
  });

  router.get('/support', requireUser(context), async (_req, res) => {
    res.json({ data: await listSupport(userOf(res).tenant) });
  });

  return router;
}
