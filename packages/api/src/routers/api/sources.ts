import { IdParams } from '@hyperdx-tenancy/domain/contracts/objectId';
import { SourceInput } from '@hyperdx-tenancy/domain/sources';
import { Router } from 'express';
import { Types } from 'mongoose';

import type { Context } from '../../controllers/context';
import { addSource, deleteSource, listSources, replaceSource } from '../../controllers/sources';
import { documentBody } from '../../middleware/documentBody';
import { checkRequest, hyperdxErrors } from '../../middleware/hyperdxErrors';
import { requireUser, userOf } from '../../middleware/user';
import type { ISource } from '../../models/source';

/** HyperDX's UI takes the id from either field. */
function sessionView(source: ISource): Record<string, unknown> {
  return { ...source, id: source._id.toHexString() };
}

/** HyperDX's `/sources`, for who is signed in. It stands behind `sessionMiddleware`. */
export default function sourcesRouter(context: Context): Router {
  const router = Router();
  router.use(requireUser(context));

  router.get('/', async (_req, res) => {
    res.json((await listSources(userOf(res).team)).map(sessionView));
  });

  router.post('/', documentBody, async (req, res) => {
    const { body } = checkRequest(req, { body: SourceInput });
    res.json(sessionView(await addSource(userOf(res), body, context)));
  });

  router.put('/:id', documentBody, async (req, res) => {
    const { params, body } = checkRequest(req, { params: IdParams, body: SourceInput });
    const id = new Types.ObjectId(params.id);
    if (!(await replaceSource(userOf(res), id, body, context))) {
      res.status(404).send('Source not found');
      return;
    }
    res.status(200).send();
  });

  // The same answer whether there was one: HyperDX 2.36 has it so.
  router.delete('/:id', async (req, res) => {
    const { params } = checkRequest(req, { params: IdParams });
    await deleteSource(userOf(res).team, new Types.ObjectId(params.id));
    res.status(200).send();
  });

  router.use(hyperdxErrors);
  return router;
}
