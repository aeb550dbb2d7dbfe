import { Invitation } from '@hyperdx-tenancy/domain/contracts/account';
import { IdParams } from '@hyperdx-tenancy/domain/contracts/objectId';
import { IngestionKey } from '@hyperdx-tenancy/domain/contracts/tenant';
import { Router } from 'express';
import { Types } from 'mongoose';
import { z } from 'zod';

import type { Config } from '../../config';
import type { Context } from '../../controllers/context';
import { renewIngestionKey } from '../../controllers/ingestionKeys';
import { createInvite, deleteInvite, inviteUrl, listInvites } from '../../controllers/invites';
import { listMembers, removeMember } from '../../controllers/memberships';
import { getTeam, renameTeam, setQuerySettings, teamTags } from '../../controllers/team';
import { accountJson } from '../../middleware/accountBody';
import { checkRequest, hyperdxErrors } from '../../middleware/hyperdxErrors';
import { requestRate } from '../../middleware/requestRate';
import { requireOwnTeam, requireUser, userOf } from '../../middleware/user';

/** HyperDX 2.36: `PATCH /team/name`. */
const TeamName = z.object({ name: z.string().min(1).max(100) });

/** HyperDX sends no body for a new key, and gets a random one; a key of one's own choice keeps to the key rule. */
const NewApiKey = z.object({ apiKey: IngestionKey.optional() }).default({});

/** HyperDX 2.36: `PATCH /team/clickhouse-settings`; `null` takes a setting back. */
const QuerySettings = z.object({
  fieldMetadataDisabled: z.boolean().nullish(),
  searchRowLimit: z.number().nullish(),
  queryTimeout: z.number().nullish(),
  metadataMaxRowsToRead: z.number().nullish(),
  parallelizeWhenPossible: z.boolean().nullish(),
  filterKeysFetchLimit: z.number().nullish(),
});

/** Invitations that one person may write a minute. */
const INVITES_PER_MINUTE = 30;
/** Changes of the ingestion key that one person may ask for a minute: each is a new config for every collector. */
const KEYS_PER_MINUTE = 30;

/** HyperDX's `/team`: the team that the user is in, and its people. It stands behind `sessionMiddleware`. */
export default function teamRouter(config: Pick<Config, 'frontendUrl'>, context: Context): Router {
  const router = Router();
  router.use(requireUser(context));
  router.use(accountJson);

  router.get('/', async (_req, res) => {
    const team = await getTeam(userOf(res).team);
    const { _id, id, allowedAuthMethods, apiKey, name, createdAt } = team;
    const { isMetricsSeriesTableEnabled } = team;
    res.json({ _id, id, allowedAuthMethods, apiKey, name, createdAt, isMetricsSeriesTableEnabled });
  });

  router.patch('/apiKey', requestRate(KEYS_PER_MINUTE), async (req, res) => {
    const { body } = checkRequest(req, { body: NewApiKey });
    const newApiKey = await renewIngestionKey(userOf(res).team, body.apiKey, context);
    res.json({ newApiKey });
  });

  router.patch('/name', async (req, res) => {
    const { body } = checkRequest(req, { body: TeamName });
    res.json({ name: await renameTeam(userOf(res).team, body.name) });
  });

  router.patch('/clickhouse-settings', async (req, res) => {
    const { body } = checkRequest(req, { body: QuerySettings });
    res.json(await setQuerySettings(userOf(res).team, body));
  });

  router.post('/invitation', requireOwnTeam, requestRate(INVITES_PER_MINUTE), async (req, res) => {
    const { body } = checkRequest(req, { body: Invitation });
    const invite = await createInvite(userOf(res).team, body, context);
    res.json({ url: inviteUrl(config.frontendUrl, invite) });
  });

  router.get('/invitations', requireOwnTeam, async (_req, res) => {
    const invites = await listInvites(userOf(res).team, context);
    res.json({
      data: invites.map((invite) => {
        const { _id, createdAt, email, name } = invite;
        return { _id, createdAt, email, name, url: inviteUrl(config.frontendUrl, invite) };
      }),
    });
  });

  router.delete('/invitation/:id', requireOwnTeam, async (req, res) => {
    const { id } = checkRequest(req, { params: IdParams }).params;
    await deleteInvite(userOf(res).team, id);
    res.json({ message: 'TeamInvite deleted' });
  });

  router.get('/members', async (_req, res) => {
    const { id, team } = userOf(res);
    const members = await listMembers(team);
    res.json({
      data: members.map(({ _id, email, name }) => ({
        _id,
        email,
        name,
        hasPasswordAuth: true,
        isCurrentUser: _id.toHexString() === id,
      })),
    });
  });

  router.delete('/member/:id', requireOwnTeam, async (req, res) => {
    const { id } = checkRequest(req, { params: IdParams }).params;
    const user = userOf(res);
    await removeMember(user.team, id, new Types.ObjectId(user.id));
    res.json({ message: 'User deleted' });
  });

  router.get('/tags', async (_req, res) => {
    res.json({ data: await teamTags(userOf(res).team) });
  });

  router.use(hyperdxErrors);
  return router;
}
