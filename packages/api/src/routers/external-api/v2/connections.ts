import { ConnectionChange, ConnectionInput } from '@hyperdx-tenancy/domain/contracts/connection';
import { IdParams } from '@hyperdx-tenancy/domain/contracts/objectId';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { Router } from 'express';
import { Types } from 'mongoose';

import type { ConnectionRules } from '../../../controllers/connectionRules';
import {
  createConnection,
  deleteConnection,
  getConnection,
  listConnections,
  updateConnection,
} from '../../../controllers/connections';
import type { ConnectionView } from '../../../controllers/connections';
import type { Context } from '../../../controllers/context';
import { documentBody } from '../../../middleware/documentBody';
import { checkRequest } from '../../../middleware/hyperdxErrors';
import { userOf } from '../../../middleware/user';

/** HyperDX 2.36 shows these fields alone. */
function view(connection: ConnectionView): Record<string, unknown> {
  const { _id, name, host, username, createdAt, updatedAt } = connection;
  const { hyperdxSettingPrefix, isPrometheusEndpoint } = connection;
  return {
    id: _id.toHexString(),
    name,
    host,
    username,
    ...(hyperdxSettingPrefix === undefined ? {} : { hyperdxSettingPrefix }),
    ...(isPrometheusEndpoint === undefined ? {} : { isPrometheusEndpoint }),
    createdAt,
    updatedAt,
  };
}

function found<T>(connection: T | null): T {
  if (connection !== null) return connection;
  throw new TenancyError('not_found', 'Connection not found');
}

/** `/api/v2/connections` */
export default function connectionsRouter(context: Context, rules: ConnectionRules): Router {
  const router = Router();

  router.get('/', async (_req, res) => {
    res.json({ data: (await listConnections(userOf(res).team)).map(view) });
  });

  router.get('/:id', async (req, res) => {
    const { params } = checkRequest(req, { params: IdParams });
    const connection = await getConnection(userOf(res).team, new Types.ObjectId(params.id));
    res.json({ data: view(found(connection)) });
  });

  router.post('/', documentBody, async (req, res) => {
    const { body } = checkRequest(req, { body: ConnectionInput });
    const created = await createConnection(userOf(res).team, body, rules, context);
    res.json({ data: view(created) });
  });

  router.put('/:id', documentBody, async (req, res) => {
    const { params, body } = checkRequest(req, { params: IdParams, body: ConnectionChange });
    const id = new Types.ObjectId(params.id);
    const changed = await updateConnection(userOf(res).team, id, body, rules, context);
    res.json({ data: view(found(changed)) });
  });

  router.delete('/:id', async (req, res) => {
    const { params } = checkRequest(req, { params: IdParams });
    const deleted = await deleteConnection(userOf(res).team, new Types.ObjectId(params.id));
    found(deleted || null);
    res.json({});
  });

  return router;
}
