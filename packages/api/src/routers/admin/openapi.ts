import { Router } from 'express';

import { buildOpenApi } from '../../openapi';

/**
 * `/tenancy/v1/openapi.json`: the description of this API, for operators of any role. Not for everybody: who is no
 * operator learns nothing here, not even which routes there are.
 */
export default function openapiRouter(): Router {
  const router = Router();
  let text: string | undefined;

  router.get('/', (_req, res) => {
    // The same for the life of the process; its ETag, which Express adds, saves sending it again.
    text ??= JSON.stringify(buildOpenApi());
    res.type('json').set('cache-control', 'private, no-cache').send(text);
  });

  return router;
}
