import { Router } from 'express';

import type { Context } from '../../controllers/context';
import { listTargets } from '../../controllers/overview';

/** `/tenancy/v1/targets` */
export default function targetsRouter(context: Context): Router {
  const router = Router();

  router.get('/', async (_req, res) => {
    res.json({ data: await listTargets(context) });
  });

  return router;
}
