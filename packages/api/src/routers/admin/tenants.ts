import { CreateTenant, ListTenants } from '@hyperdx-tenancy/domain/contracts/tenant';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import { Router } from 'express';

import type { Context } from '../../controllers/context';
import { createTenant, getTenant, listTenants } from '../../controllers/tenant';
import { validate } from '../../utils/validate';

/** `/tenancy/v1/tenants` */
export default function tenantsRouter(context: Context): Router {
  const router = Router();

  router.post('/', async (req, res) => {
    const tenant = await createTenant(validate(CreateTenant, req.body), context);
    res.status(201).location(`/tenancy/v1/tenants/${tenant.id}`).json(tenant);
  });

  router.get('/', async (req, res) => {
    res.json(await listTenants(validate(ListTenants, req.query)));
  });

  router.get('/:id', async (req, res) => {
    res.json(await getTenant(parseTenantId(req.params.id)));
  });

  return router;
}
