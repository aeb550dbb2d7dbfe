import type { IncomingMessage, ServerResponse } from 'node:http';

import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import type { Readiness } from '../../controllers/readiness';
import type { Metrics } from '../../metrics';
import { toTenancyError } from '../../middleware/errors';
import type { Logger } from '../../utils/logger';
import type { OpampController } from '../controllers/opampController';
import type { Admitted } from '../fleet';
import type { Credentials } from '../services/admission';
import type { Doorkeeper } from '../services/doorkeeper';
import type { InFlight } from '../services/inFlight';
import {
  namedUid,
  opampRoute,
  readMessage,
  redactedPath,
  Room,
  sendJson,
  sendMessage,
} from './http';
import { countRefusal, refuseRequest } from './refusals';
import { RequestMeter } from './requestMeter';

export interface PollServices {
  controller: OpampController;
  doorkeeper: Doorkeeper;
  inFlight: InFlight;
  readiness: Readiness;
  metrics: Metrics;
  log: Logger;
}

/**
 * What comes over HTTP: `POST /v1/opamp`, `POST /t/<token>/v1/opamp`, `GET /health`, `GET /ready`. Not an Express application:
 * a poll is answered by thousands of agents every few seconds, and none of Express's work serves it.
 */
export function createPolls(
  services: PollServices,
): (req: IncomingMessage, res: ServerResponse) => void {
  const { controller, doorkeeper, inFlight, readiness, metrics, log } = services;

  const meter = new RequestMeter(
    metrics,
    log.isLevelEnabled('debug') ? (end) => log.debug(end, 'request') : undefined,
  );

  function refuse(req: IncomingMessage, res: ServerResponse, thrown: unknown): void {
    const error = toTenancyError(thrown);
    // 503 is no fault of ours, and may come from every agent every few seconds.
    if (error.status >= 500 && error.status !== 503) {
      log.error(
        { path: redactedPath(req.url), code: error.code, err: error.cause ?? error },
        'OpAMP request failed',
      );
    }
    refuseRequest(req, res, error);
  }

  function poll(req: IncomingMessage, res: ServerResponse, credentials: Credentials): void {
    let admitted: Admitted | undefined;
    let room: Room | undefined;
    const admit = (): Admitted => doorkeeper.poll(credentials, () => namedUid(req));
    const fail = (thrown: unknown): void => {
      room?.leave();
      const { code } = toTenancyError(thrown);
      metrics.count('opamp_messages_total', { group: admitted?.kind ?? 'none', result: code });
      countRefusal(metrics, code, credentials);
      refuse(req, res, thrown);
    };
    const answer = (body: Buffer): void => {
      // A message may come slowly: its token may no longer be good when it is there.
      admitted = admit();
      sendMessage(res, controller.handle({ admitted }, body));
      room?.leave();
    };
    try {
      if (req.method !== 'POST') throw new TenancyError('method_not_allowed', 'Use POST.');
      const first = (admitted = admit());
      room = new Room(inFlight, first.token);
      const take = (body: Buffer): void => {
        try {
          const config = doorkeeper.config(first);
          if (config) config.then(() => answer(body)).catch(fail);
          else answer(body);
        } catch (error) {
          fail(error);
        }
      };
      readMessage(req, room, { take, fail });
    } catch (error) {
      fail(error);
    }
  }

  async function answerOthers(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (req.url === '/health') {
      sendJson(res, 200, { data: 'OK' });
    } else if (req.url === '/ready') {
      const state = await readiness.check();
      sendJson(res, state.missing.length === 0 ? 200 : 503, state);
    } else {
      throw new TenancyError('not_found', 'There is no such route.');
    }
  }

  return (req, res) => {
    meter.begin(req, res);
    const credentials = opampRoute(req);
    if (credentials) poll(req, res, credentials);
    else answerOthers(req, res).catch((error: unknown) => refuse(req, res, error));
  };
}
