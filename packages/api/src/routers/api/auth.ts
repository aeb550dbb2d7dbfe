import { Login, Registration, Setup } from '@hyperdx-tenancy/domain/contracts/account';
import { Router } from 'express';
import type { RequestHandler } from 'express';
import { z } from 'zod';

import type { Config } from '../../config';
import type { Context } from '../../controllers/context';
import { acceptInvite, findInvite } from '../../controllers/invites';
import { isTeamExisting, registerFirst } from '../../controllers/registration';
import { checkLogin } from '../../controllers/users';
import { accountBody } from '../../middleware/accountBody';
import { checkRequest, hyperdxErrors } from '../../middleware/hyperdxErrors';
import { LoginLimits } from '../../middleware/loginLimits';
import { addressOf } from '../../middleware/operator';
import { sameSite } from '../../middleware/sameSite';
import { sessionUser, signIn, signOut } from '../../middleware/session';

const SetupParams = z.object({ token: z.string().max(256) });

/** HyperDX's public routes about accounts: installing, signing in and out, taking an invitation. */
export default function authRouter(
  config: Pick<Config, 'frontendUrl'>,
  context: Context,
  sessions: readonly RequestHandler[],
): Router {
  const router = Router();
  const { frontendUrl } = config;
  const limits = new LoginLimits(context);
  const form: RequestHandler = Router().use(...sessions, sameSite(config), ...accountBody);
  const session: RequestHandler = Router().use(...sessions);

  router.get('/installation', session, async (_req, res) => {
    res.json({ isTeamExisting: await isTeamExisting() });
  });

  router.post('/register/password', form, async (req, res) => {
    const { body } = checkRequest(req, { body: Registration });
    const attempt = await limits.begin(req.ip);
    const { requestId } = res.locals as { requestId: string };
    const origin = { address: addressOf(req), requestId };
    const user = await registerFirst(body, origin, context);
    if (!user) {
      attempt.failed();
      res.status(409).json({ error: 'teamAlreadyExists' });
      return;
    }
    await attempt.succeeded();
    await signIn(req, user);
    res.json({ status: 'success' });
  });

  router.post('/login/password', form, async (req, res) => {
    const login = Login.safeParse(req.body);
    if (!login.success) {
      res.redirect(303, `${frontendUrl}/login?err=unknown`);
      return;
    }
    const { email, password } = login.data;
    const attempt = await limits.begin(req.ip, email);
    const user = await checkLogin(email, password);
    if (!user) {
      attempt.failed();
      res.redirect(303, `${frontendUrl}/login?err=authFail`);
      return;
    }
    await attempt.succeeded();
    await signIn(req, user);
    res.redirect(303, `${frontendUrl}/`);
  });

  router.get('/logout', session, async (req, res) => {
    // Of who is nobody there is no session to end: a row for each such request would be a stranger's to write.
    if (sessionUser(req)) await signOut(req);
    res.redirect(`${frontendUrl}/login`);
  });

  router.post('/team/setup/:token', form, async (req, res) => {
    const { token } = checkRequest(req, { params: SetupParams }).params;
    const search = await limits.begin(req.ip);
    const invite = await findInvite(token, context);
    if (!invite) {
      search.failed();
      res.status(401).send('Invalid token');
      return;
    }
    await search.withdraw();
    const attempt = await limits.begin(req.ip, invite.email);
    const setup = Setup.safeParse(req.body);
    const accepted = await acceptInvite(invite, setup.success ? setup.data.password : '');
    if ('refused' in accepted) {
      if (accepted.wrongPassword) attempt.failed();
      else await attempt.withdraw();
      const query = new URLSearchParams({ err: 'invalid', reason: accepted.refused, token });
      res.redirect(`${frontendUrl}/join-team?${query.toString()}`);
      return;
    }
    await attempt.succeeded();
    await signIn(req, accepted.user);
    res.redirect(303, `${frontendUrl}/`);
  });

  router.use(hyperdxErrors);
  return router;
}
