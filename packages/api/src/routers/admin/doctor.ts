import { Router } from 'express';

import type { Context } from '../../controllers/context';
import { createDoctor } from '../../controllers/doctor';
import type { WayBack } from '../../controllers/lastAdmin';

/** `/tenancy/v1/doctor` */
export default function doctorRouter(context: Context, wayBack: WayBack): Router {
  const router = Router();
  const examine = createDoctor(wayBack, context);

  router.get('/', async (_req, res) => {
    res.json(await examine());
  });

  return router;
}
