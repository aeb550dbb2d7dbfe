import { OperatorUser, SetOperator } from '@hyperdx-tenancy/domain/contracts/operator';
import { Router } from 'express';

import { recordChange } from '../../controllers/audit';
import type { Context } from '../../controllers/context';
import type { WayBack } from '../../controllers/lastAdmin';
import {
  deleteOperator,
  findOperator,
  getOperator,
  listOperators,
  setOperator,
} from '../../controllers/operators';
import { operatorOf, originOf } from '../../middleware/operator';
import { validate } from '../../utils/validate';

/** `/tenancy/v1/operators` */
export default function operatorsRouter(context: Context, wayBack: WayBack): Router {
  const router = Router();

  router.get('/', async (_req, res) => {
    res.json({ data: await listOperators() });
  });

  router.put('/:user', async (req, res) => {
    const { user } = validate(OperatorUser, req.params);
    const asked = validate(SetOperator, req.body);
    const before = await findOperator(user);
    const operator = await recordChange(
      originOf(req, res),
      { action: 'operator.set', subject: user, asked, ...(before ? { before } : {}) },
      () => setOperator(user, asked, operatorOf(res).name, wayBack, context),
      (after) => ({ subject: after.id, after }),
      context,
    );
    res.status(before ? 200 : 201).json(operator);
  });

  router.delete('/:user', async (req, res) => {
    const { user } = validate(OperatorUser, req.params);
    const before = await getOperator(user);
    await recordChange(
      originOf(req, res),
      { action: 'operator.delete', subject: before.id, before },
      () => deleteOperator(before.id, wayBack, context),
      () => ({}),
      context,
    );
    res.status(204).end();
  });

  return router;
}
