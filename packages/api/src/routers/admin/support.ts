import {
  BeginSupport,
  CreateInvitation,
  SupportParams,
} from '@hyperdx-tenancy/domain/contracts/support';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import { Router } from 'express';

import type { Config } from '../../config';
import { recordChange } from '../../controllers/audit';
import type { Context } from '../../controllers/context';
import { createInvite, inviteExpiry, inviteUrl } from '../../controllers/invites';
import {
  beginSupport,
  endSupport,
  getSupport,
  listSupport,
  teamOfTenant,
} from '../../controllers/support';
import { getTenant } from '../../controllers/tenant';
import { operatorOf, originOf } from '../../middleware/operator';
import { validate } from '../../utils/validate';

/** `/tenancy/v1/tenants/:id/...`: people in a tenant, those who are invited and operators who help. */
export default function supportRouter(
  config: Pick<Config, 'frontendUrl'>,
  context: Context,
): Router {
  const router = Router();

  router.post('/:id/invitations', async (req, res) => {
    const id = parseTenantId(req.params.id);
    const asked = validate(CreateInvitation, req.body);
    await getTenant(id);
    const invitation = await recordChange(
      originOf(req, res),
      { action: 'invitation.create', tenant: id, asked },
      async () => {
        const team = await teamOfTenant(id, asked.team);
        const invite = await createInvite(team, asked, context);
        return {
          email: invite.email,
          team: team.toHexString(),
          url: inviteUrl(config.frontendUrl, invite),
          expiresAt: inviteExpiry(invite).toISOString(),
        };
      },
      (after) => ({ after }),
      context,
    );
    res.status(201).json(invitation);
  });

  router.post('/:id/support', async (req, res) => {
    const id = parseTenantId(req.params.id);
    const asked = validate(BeginSupport, req.body);
    await getTenant(id);
    const support = await recordChange(
      originOf(req, res),
      { action: 'support.begin', tenant: id, asked },
      () => beginSupport(id, operatorOf(res), asked, context),
      (after) => ({ subject: after.id, after }),
      context,
    );
    res.status(201).json(support);
  });

  router.get('/:id/support', async (req, res) => {
    const id = parseTenantId(req.params.id);
    await getTenant(id);
    res.json({ data: await listSupport(id) });
  });

  router.delete('/:id/support/:entry', async (req, res) => {
    const { id, entry } = validate(SupportParams, req.params);
    const tenant = parseTenantId(id);
    const before = await getSupport(tenant, entry);
    await recordChange(
      originOf(req, res),
      { action: 'support.end', tenant, subject: entry, before },
      () => endSupport(tenant, entry, context),
      (after) => ({ after }),
      context,
    );
    res.status(204).end();
  });

  return router;
}
