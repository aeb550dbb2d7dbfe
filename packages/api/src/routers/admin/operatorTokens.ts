import { CreateOperatorToken, OperatorTokenId } from '@hyperdx-tenancy/domain/contracts/operator';
import { Router } from 'express';

import { recordChange } from '../../controllers/audit';
import type { Context } from '../../controllers/context';
import type { WayBack } from '../../controllers/lastAdmin';
import {
  createOperatorToken,
  deleteOperatorToken,
  getOperatorToken,
  listOperatorTokens,
} from '../../controllers/operatorTokens';
import { operatorOf, originOf } from '../../middleware/operator';
import { validate } from '../../utils/validate';

/** `/tenancy/v1/operator-tokens` */
export default function operatorTokensRouter(context: Context, wayBack: WayBack): Router {
  const router = Router();

  router.post('/', async (req, res) => {
    const asked = validate(CreateOperatorToken, req.body);
    const token = await recordChange(
      originOf(req, res),
      { action: 'operatorToken.create', asked },
      () => createOperatorToken(asked, operatorOf(res).name, context),
      (after) => ({ subject: after.id, after }),
      context,
    );
    res.status(201).json(token);
  });

  router.get('/', async (_req, res) => {
    res.json({ data: await listOperatorTokens(context) });
  });

  router.delete('/:id', async (req, res) => {
    const { id } = validate(OperatorTokenId, req.params);
    const before = await getOperatorToken(id, context);
    await recordChange(
      originOf(req, res),
      { action: 'operatorToken.delete', subject: id, before },
      () => deleteOperatorToken(id, wayBack, context),
      () => ({}),
      context,
    );
    res.status(204).end();
  });

  return router;
}
