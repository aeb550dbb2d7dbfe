import { ConnectionChange, ConnectionInput } from '@hyperdx-tenancy/domain/contracts/connection';
import { IdParams } from '@hyperdx-tenancy/domain/contracts/objectId';
import { Router } from 'express';
import { Types } from 'mongoose';

import type { ConnectionRules } from '../../controllers/connectionRules';
import {
  createConnection,
  deleteConnection,
  listConnections,
  updateConnection,
} from '../../controllers/connections';
import type { ConnectionView } from '../../controllers/connections';
import type { Context } from '../../controllers/context';
import { documentBody } from '../../middleware/documentBody';
import { checkRequest, hyperdxErrors } from '../../middleware/hyperdxErrors';
import { requireUser, userOf } from '../../middleware/user';

/** HyperDX's UI takes the id from either field. */
function sessionView(connection: ConnectionView): Record<string, unknown> {
  return { ...connection, id: connection._id.toHexString() };
}

/** HyperDX's `/connections`, for who is signed in. It stands behind `sessionMiddleware`. */
export default function connectionsRouter(context: Context, rules: ConnectionRules): Router {
  const router = Router();
  router.use(requireUser(context));

  router.get('/', async (_req, res) => {
    res.json((await listConnections(userOf(res).team)).map(sessionView));
  });

  router.post('/', documentBody, async (req, res) => {
    const { body } = checkRequest(req, { body: ConnectionInput });
    const { _id } = await createConnection(userOf(res).team, body, rules, context);
    res.json({ id: _id.toHexString() });
  });

  router.put('/:id', documentBody, async (req, res) => {
    const { params, body } = checkRequest(req, { params: IdParams, body: ConnectionChange });
    const id = new Types.ObjectId(params.id);
    const changed = await updateConnection(userOf(res).team, id, body, rules, context);
    res.status(changed ? 200 : 404).send();
  });

  // The same answer whether there was one: HyperDX 2.36 has it so.
  router.delete('/:id', async (req, res) => {
    const { params } = checkRequest(req, { params: IdParams });
    await deleteConnection(userOf(res).team, new Types.ObjectId(params.id));
    res.status(200).send();
  });

  router.use(hyperdxErrors);
  return router;
}
