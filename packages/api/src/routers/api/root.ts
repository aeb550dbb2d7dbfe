import { Router } from 'express';

import type { Config } from '../../config';
import type { Readiness } from '../../controllers/readiness';

/** HyperDX's public routes about the process itself. */
export default function rootRouter(
  config: Pick<Config, 'version' | 'env'>,
  readiness: Readiness,
): Router {
  const router = Router();

  // Says that the process lives, and nothing else: a restart would not bring MongoDB back.
  router.get('/health', (req, res) => {
    res.json({ data: 'OK', version: config.version, ip: req.ip, env: config.env });
  });

  router.get('/ready', async (_req, res) => {
    const state = await readiness.check();
    res.status(state.missing.length === 0 ? 200 : 503).json({
      status: state.missing.length === 0 ? 'ready' : 'unavailable',
      ...state,
    });
  });

  return router;
}
