import {
  CollectorTokenId,
  CreateCollectorToken,
  RotateCollectorToken,
} from '@hyperdx-tenancy/domain/contracts/collectorToken';
import { Router } from 'express';

import { recordChange } from '../../controllers/audit';
import type { Context } from '../../controllers/context';
import {
  createCollectorToken,
  deleteCollectorToken,
  getCollectorToken,
  listCollectorTokens,
  rotateCollectorToken,
} from '../../controllers/collectorTokens';
import { originOf } from '../../middleware/operator';
import { validate } from '../../utils/validate';

/** `/tenancy/v1/collector-tokens` */
export default function collectorTokensRouter(context: Context): Router {
  const router = Router();

  router.post('/', async (req, res) => {
    const asked = validate(CreateCollectorToken, req.body);
    const token = await recordChange(
      originOf(req, res),
      { action: 'collectorToken.create', asked },
      () => createCollectorToken(asked, context),
      (after) => ({ subject: after.id, after }),
      context,
    );
    res.status(201).json(token);
  });

  router.get('/', async (_req, res) => {
    res.json({ data: await listCollectorTokens(context) });
  });

  router.post('/:id/rotate', async (req, res) => {
    const { id } = validate(CollectorTokenId, req.params);
    const asked = validate(RotateCollectorToken, (req.body as unknown) ?? {});
    const before = await getCollectorToken(id, context);
    const token = await recordChange(
      originOf(req, res),
      { action: 'collectorToken.rotate', subject: id, before, asked },
      () => rotateCollectorToken(id, asked, context),
      (after) => ({ after }),
      context,
    );
    res.status(201).json(token);
  });

  router.delete('/:id', async (req, res) => {
    const { id } = validate(CollectorTokenId, req.params);
    const before = await getCollectorToken(id, context);
    await recordChange(
      originOf(req, res),
      { action: 'collectorToken.delete', subject: id, before },
      () => deleteCollectorToken(id, context),
      () => ({}),
      context,
    );
    res.status(204).end();
  });

  return router;
}
