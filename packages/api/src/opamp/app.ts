import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

import { groupId } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import type { CollectorGroup } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import type { Readiness } from '../controllers/readiness';
import type { Metrics } from '../metrics';
import { toTenancyError } from '../middleware/errors';
import { observeRequest } from '../middleware/requestLog';
import type { Logger } from '../utils/logger';
import { InFlight } from './services/inFlight';
import type { OpampController } from './controllers/opampController';
import {
  opampRoute,
  readMessage,
  redactedPath,
  sendError,
  sendJson,
  sendMessage,
} from './transport/http';

export interface OpampAppOptions {
  controller: OpampController;
  readiness: Readiness;
  /** Whether configs were read; until then agents are asked to come back. */
  ready(): boolean;
  log: Logger;
  metrics: Metrics;
}

/** A supervisor polls every 30 s by default; a connection should live from one poll to the next. */
const KEEP_ALIVE_MS = 65_000;

/**
 * The OpAMP server, over plain HTTP: `POST /v1/opamp` and `POST /t/<token>/v1/opamp`, `GET /health`,
 * `GET /ready`. Not an Express application: a poll is answered by thousands of agents every few seconds,
 * and none of Express's work serves it.
 */
export default function createOpampServer(options: OpampAppOptions): Server {
  const { controller, readiness, log, metrics } = options;
  const inFlight = new InFlight();

  async function poll(
    req: IncomingMessage,
    res: ServerResponse,
    token: string | undefined,
  ): Promise<void> {
    let admitted: CollectorGroup | undefined;
    try {
      if (req.method !== 'POST') throw new TenancyError('method_not_allowed', 'Use POST.');
      if (!options.ready())
        throw new TenancyError('mongo_unavailable', 'Configs are not read yet.');
      const group = (admitted = controller.admit(token));
      await inFlight.run(groupId(group), async () => {
        sendMessage(res, controller.handle(group, await readMessage(req)));
      });
    } catch (error) {
      const result = toTenancyError(error).code;
      metrics.count('opamp_messages_total', { group: admitted?.kind ?? 'none', result });
      throw error;
    }
  }

  async function route(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const opamp = opampRoute(req);
    if (opamp) {
      await poll(req, res, opamp.token);
    } else if (req.url === '/health') {
      sendJson(res, 200, { data: 'OK' });
    } else if (req.url === '/ready') {
      const state = await readiness.check();
      sendJson(res, state.missing.length === 0 ? 200 : 503, state);
    } else {
      throw new TenancyError('not_found', 'There is no such route.');
    }
  }

  const server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 30_000 },
    (req, res) => {
      const path = req.url?.split('?', 1)[0] ?? '';
      observeRequest('opamp', path, req, res, metrics, (end) => log.debug(end, 'request'));
      route(req, res).catch((thrown: unknown) => {
        const error = toTenancyError(thrown);
        // 503 is no fault of ours, and may come from every agent every few seconds.
        if (error.status >= 500 && error.status !== 503) {
          log.error(
            { path: redactedPath(req.url), code: error.code, err: error.cause ?? error },
            'OpAMP request failed',
          );
        }
        sendError(req, res, error);
      });
    },
  );
  return server;
}
