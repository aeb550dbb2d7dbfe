import { IdParams } from '@hyperdx-tenancy/domain/contracts/objectId';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { fromExternalSource, SourceInput, toExternalSource } from '@hyperdx-tenancy/domain/sources';
import { Router } from 'express';
import { Types } from 'mongoose';
import { z } from 'zod';

import type { Context } from '../../../controllers/context';
import {
  addSource,
  deleteSource,
  getSource,
  listSources,
  replaceSource,
} from '../../../controllers/sources';
import { documentBody } from '../../../middleware/documentBody';
import { checkRequest } from '../../../middleware/hyperdxErrors';
import { userOf } from '../../../middleware/user';
import type { ISource } from '../../../models/source';

const ExternalSource = z.preprocess(fromExternalSource, SourceInput);

const view = (source: ISource): Record<string, unknown> =>
  toExternalSource(source, source._id.toHexString());

function found<T>(source: T | null): T {
  if (source !== null) return source;
  throw new TenancyError('not_found', 'Source not found');
}

/** `/api/v2/sources` */
export default function sourcesRouter(context: Context): Router {
  const router = Router();

  router.get('/', async (_req, res) => {
    res.json({ data: (await listSources(userOf(res).team)).map(view) });
  });

  router.get('/:id', async (req, res) => {
    const { params } = checkRequest(req, { params: IdParams });
    const source = await getSource(userOf(res).team, new Types.ObjectId(params.id));
    res.json({ data: view(found(source)) });
  });

  router.post('/', documentBody, async (req, res) => {
    const { body } = checkRequest(req, { body: ExternalSource });
    res.json({ data: view(await addSource(userOf(res), body, context)) });
  });

  router.put('/:id', documentBody, async (req, res) => {
    const { params, body } = checkRequest(req, { params: IdParams, body: ExternalSource });
    const source = await replaceSource(userOf(res), new Types.ObjectId(params.id), body, context);
    res.json({ data: view(found(source)) });
  });

  router.delete('/:id', async (req, res) => {
    const { params } = checkRequest(req, { params: IdParams });
    const deleted = await deleteSource(userOf(res).team, new Types.ObjectId(params.id));
    found(deleted || null);
    res.json({});
  });

  return router;
}
