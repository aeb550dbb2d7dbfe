import {
  CollectorTokenId,
  CreateCollectorToken,
} from '@hyperdx-tenancy/domain/contracts/collectorToken';
import { Router } from 'express';

import type { Context } from '../../controllers/context';
import {
  createCollectorToken,
  deleteCollectorToken,
  listCollectorTokens,
} from '../../controllers/collectorTokens';
import { validate } from '../../utils/validate';

/** `/tenancy/v1/collector-tokens` */
export default function collectorTokensRouter(context: Context): Router {
  const router = Router();

  router.post('/', async (req, res) => {
    res
      .status(201)
      .json(await createCollectorToken(validate(CreateCollectorToken, req.body), context));
  });

  router.get('/', async (_req, res) => {
    res.json({ data: await listCollectorTokens() });
  });

  router.delete('/:id', async (req, res) => {
    await deleteCollectorToken(validate(CollectorTokenId, req.params).id, context);
    res.status(204).end();
  });

  return router;
}
