import { Router } from 'express';

import type { Context } from '../../controllers/context';
import { listPlans } from '../../controllers/overview';

/** `/tenancy/v1/plans` */
export default function plansRouter(context: Context): Router {
  const router = Router();

  router.get('/', async (_req, res) => {
    res.json({ data: await listPlans(context) });
  });

  return router;
}
