import { ADMIN_BASE } from '@hyperdx-tenancy/domain/contracts/routes';
import {
  CreateTenant,
  IdempotencyKey,
  ListTenants,
  RotateTenant,
  UpdateTenant,
} from '@hyperdx-tenancy/domain/contracts/tenant';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import { Router } from 'express';
import type { Request } from 'express';
import { z } from 'zod';

import { recordChange } from '../../controllers/audit';
import type { Context } from '../../controllers/context';
import { doorAccess } from '../../controllers/doorAccess';
import { beginTenant, getTenant, listTenants, retryTenant } from '../../controllers/tenant';
import { rotateTenant } from '../../controllers/rotation';
import {
  applyTenant,
  effectiveSettings,
  tenantEtag,
  updateTenant,
} from '../../controllers/updateTenant';
import { originOf } from '../../middleware/operator';
import { validate } from '../../utils/validate';

/** Validated as a field, so that a refusal names the header. */
const IdempotencyHeader = z.object({ 'Idempotency-Key': IdempotencyKey.optional() });

/** `Prefer: respond-async` (RFC 7240, section 4.1): the caller does not wait. */
function prefersAsync(req: Request): boolean {
  const preferences = req.get('prefer')?.split(',') ?? [];
  return preferences.some((preference) => preference.trim().toLowerCase() === 'respond-async');
}

/** `/tenancy/v1/tenants` */
export default function tenantsRouter(context: Context): Router {
  const router = Router();

  router.post('/', async (req, res) => {
    const input = validate(CreateTenant, req.body);
    const idempotencyKey = validate(IdempotencyHeader, {
      'Idempotency-Key': req.get('idempotency-key'),
    });
    const options = {
      idempotencyKey: idempotencyKey['Idempotency-Key'],
      ...(prefersAsync(req) ? { waitMs: 0 } : {}),
    };
    const tenant = await recordChange(
      originOf(req, res),
      { action: 'tenant.create', asked: input },
      () => beginTenant(input, options, context),
      (after) => ({ tenant: after.id, after }),
      context,
    );
    // Not active yet: the address is where to ask again.
    res
      .status(tenant.status === 'active' ? 201 : 202)
      .location(`${ADMIN_BASE}/tenants/${tenant.id}`)
      .json(tenant);
  });

  router.post('/:id/retry', async (req, res) => {
    const id = parseTenantId(req.params.id);
    const before = await getTenant(id);
    const tenant = await recordChange(
      originOf(req, res),
      { action: 'tenant.retry', tenant: id, before },
      () => retryTenant(id, context),
      (after) => ({ after }),
      context,
    );
    res.json(tenant);
  });

  router.get('/', async (req, res) => {
    res.json(await listTenants(validate(ListTenants, req.query)));
  });

  router.get('/:id', async (req, res) => {
    const tenant = await getTenant(parseTenantId(req.params.id));
    res.set('etag', tenantEtag(tenant)).json(tenant);
  });

  router.get('/:id/effective', async (req, res) => {
    res.json(await effectiveSettings(parseTenantId(req.params.id), context));
  });

  router.get('/:id/door', async (req, res) => {
    res.set('cache-control', 'no-store');
    res.json(await doorAccess(parseTenantId(req.params.id), context));
  });

  router.patch('/:id', async (req, res) => {
    const id = parseTenantId(req.params.id);
    const asked = validate(UpdateTenant, req.body);
    const before = await getTenant(id);
    const tenant = await recordChange(
      originOf(req, res),
      { action: 'tenant.update', tenant: id, before, asked },
      () => updateTenant(id, asked, req.get('if-match'), context),
      (after) => ({ after }),
      context,
    );
    res.set('etag', tenantEtag(tenant)).json(tenant);
  });

  router.post('/:id/apply', async (req, res) => {
    const id = parseTenantId(req.params.id);
    const before = await getTenant(id);
    const tenant = await recordChange(
      originOf(req, res),
      { action: 'tenant.apply', tenant: id, before },
      () => applyTenant(id, context),
      (after) => ({ after }),
      context,
    );
    // Still under way: ClickHouse did not take it now.
    res.status(tenant.change === null ? 200 : 202).json(tenant);
  });

  router.post('/:id/rotate', async (req, res) => {
    const id = parseTenantId(req.params.id);
    const asked = validate(RotateTenant, (req.body as unknown) ?? {});
    const before = await getTenant(id);
    const tenant = await recordChange(
      originOf(req, res),
      { action: 'tenant.rotate', tenant: id, before, asked },
      () => rotateTenant(id, asked, context),
      (after) => ({ after }),
      context,
    );
    // Still under way: collectors have to take the new password over first.
    res.status(tenant.change === null ? 200 : 202).json(tenant);
  });

  return router;
}
