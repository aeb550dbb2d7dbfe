import { Invitation } from '@hyperdx-tenancy/domain/contracts/account';
import { IdParams } from '@hyperdx-tenancy/domain/contracts/objectId';
import { Router } from 'express';
import { Types } from 'mongoose';

import type { Context } from '../../../controllers/context';
import { createInvite, deleteInvite, inviteUrl, listInvites } from '../../../controllers/invites';
import { listMembers, removeMember } from '../../../controllers/memberships';
import { getTeam } from '../../../controllers/team';
import { documentBody } from '../../../middleware/documentBody';
import { checkRequest } from '../../../middleware/hyperdxErrors';
import { requireOwnTeam, userOf } from '../../../middleware/user';

/** `/api/v2/team`: the caller's own, where HyperDX reads the first one that there is. */
export default function teamRouter(context: Context, frontendUrl: string): Router {
  const router = Router();

  router.get('/', async (_req, res) => {
    const { id, name } = await getTeam(userOf(res).team);
    res.json({ data: { id, name } });
  });

  router.get('/members', async (_req, res) => {
    const { team, id } = userOf(res);
    const members = await listMembers(team);
    res.json({
      data: members.map(({ _id, email, name }) => ({
        id: _id.toHexString(),
        email,
        name,
        isCurrentUser: _id.toHexString() === id,
      })),
    });
  });

  router.post('/invitation', requireOwnTeam, documentBody, async (req, res) => {
    const { body } = checkRequest(req, { body: Invitation });
    const invite = await createInvite(userOf(res).team, body, context);
    res.json({
      data: {
        email: invite.email,
        invitationId: invite._id.toHexString(),
        status: 'pending',
        url: inviteUrl(frontendUrl, invite),
      },
    });
  });

  router.get('/invitations', requireOwnTeam, async (_req, res) => {
    const invites = await listInvites(userOf(res).team, context);
    res.json({
      data: invites.map((invite) => ({
        id: invite._id.toHexString(),
        createdAt: invite.createdAt,
        email: invite.email,
        name: invite.name,
        url: inviteUrl(frontendUrl, invite),
      })),
    });
  });

  router.delete('/invitation/:id', requireOwnTeam, async (req, res) => {
    const { params } = checkRequest(req, { params: IdParams });
    await deleteInvite(userOf(res).team, params.id);
    res.json({ data: { success: true } });
  });

  router.delete('/member/:id', requireOwnTeam, async (req, res) => {
    const { params } = checkRequest(req, { params: IdParams });
    const { team, id } = userOf(res);
    await removeMember(team, params.id, new Types.ObjectId(id));
    res.json({ data: { success: true } });
  });

  return router;
}
