import {
  CreateTenant,
  IdempotencyKey,
  ListTenants,
} from '@hyperdx-tenancy/domain/contracts/tenant';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import { Router } from 'express';
import type { Request } from 'express';
import { z } from 'zod';

import type { Context } from '../../controllers/context';
import { beginTenant, getTenant, listTenants, retryTenant } from '../../controllers/tenant';
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
    const tenant = await beginTenant(input, options, context);
    // Not active yet: the address is where to ask again.
    res
      .status(tenant.status === 'active' ? 201 : 202)
      .location(`/tenancy/v1/tenants/${tenant.id}`)
      .json(tenant);
  });

  router.post('/:id/retry', async (req, res) => {
    res.json(await retryTenant(parseTenantId(req.params.id), context));
  });

  router.get('/', async (req, res) => {
    res.json(await listTenants(validate(ListTenants, req.query)));
  });

  router.get('/:id', async (req, res) => {
    res.json(await getTenant(parseTenantId(req.params.id)));
  });

  return router;
}
