import { ADMIN_BASE, adminRoutes } from '@hyperdx-tenancy/domain/contracts/routes';
import { Router } from 'express';

import { recordChange } from '../../controllers/audit';
import type { Context } from '../../controllers/context';
import { countOldSecrets, rotateSecret } from '../../controllers/rotation';
import { originOf } from '../../middleware/operator';

/** `/tenancy/v1/secret` */
export default function secretRouter(context: Context): Router {
  const router = Router();

  router.get('/', async (_req, res) => {
    res.json({ left: await countOldSecrets(context) });
  });

  router.post('/rotate', async (req, res) => {
    const left = await recordChange(
      originOf(req, res),
      { action: 'secret.rotate', before: { left: await countOldSecrets(context) } },
      () => rotateSecret(context),
      (after) => ({ after: { left: after } }),
      context,
    );
    // The work goes on by itself; the count is where to ask again.
    res
      .status(202)
      .location(ADMIN_BASE + adminRoutes.secret.show.path)
      .json({ left });
  });

  return router;
}
