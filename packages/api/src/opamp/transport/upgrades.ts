import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import type { Metrics } from '../../metrics';
import { toTenancyError } from '../../middleware/errors';
import type { Logger } from '../../utils/logger';
import type { Pass } from '../services/admission';
import type { Doorkeeper } from '../services/doorkeeper';
import type { InFlight } from '../services/inFlight';
import { opampRoute, redactedPath, Room } from './http';
import { countRefusal, refuseUpgrade } from './refusals';

export interface UpgradeServices {
  doorkeeper: Doorkeeper;
  inFlight: InFlight;
  /** Takes over a request that was let in. */
  accept(req: IncomingMessage, socket: Duplex, head: Buffer, pass: Pass): void;
  metrics: Metrics;
  log: Logger;
}

/** Decides on requests to upgrade, on the paths of polls: an agent is let in, or refused as a poll would be. */
export function createUpgrades(
  services: UpgradeServices,
): (req: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const { doorkeeper, inFlight, metrics, log } = services;

  function admit(req: IncomingMessage): Pass {
    const credentials = opampRoute(req);
    if (!credentials) throw new TenancyError('not_found', 'There is no such route.');
    if (req.method !== 'GET' || req.headers.upgrade?.toLowerCase() !== 'websocket') {
      throw new TenancyError('invalid_request', 'Upgrade: only a GET for a WebSocket is taken.');
    }
    return doorkeeper.connect(credentials);
  }

  async function upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const pass = admit(req);
    const config = doorkeeper.config(pass.admitted);
    if (config) {
      const room = new Room(inFlight, pass.admitted.token);
      try {
        room.grow(1);
        await config;
      } finally {
        room.leave();
      }
      // Things may have changed meanwhile: asked again, for it is as quick as the first time.
      services.accept(req, socket, head, admit(req));
    } else {
      services.accept(req, socket, head, pass);
    }
  }

  return (req, socket, head) => {
    // Whoever leaves before there is a WebSocket, or while it is refused, breaks nothing.
    socket.on('error', () => socket.destroy());
    upgrade(req, socket, head).catch((thrown: unknown) => {
      const error = toTenancyError(thrown);
      if (!countRefusal(metrics, error.code, opampRoute(req)) && error.status >= 500) {
        log.error(
          { path: redactedPath(req.url), code: error.code, err: error.cause ?? error },
          'OpAMP upgrade failed',
        );
      }
      refuseUpgrade(socket, error);
    });
  };
}
