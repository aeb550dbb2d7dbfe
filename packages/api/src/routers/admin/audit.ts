import { ListAudit } from '@hyperdx-tenancy/domain/contracts/audit';
import { Router } from 'express';

import { listAudit } from '../../controllers/audit';
import { validate } from '../../utils/validate';

/** `/tenancy/v1/audit` */
export default function auditRouter(): Router {
  const router = Router();

  router.get('/', async (req, res) => {
    res.json(await listAudit(validate(ListAudit, req.query)));
  });

  return router;
}
