import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { WebSocketServer } from 'ws';

import type { Metrics } from '../../metrics';
import { toTenancyError } from '../../middleware/errors';
import type { Logger } from '../../utils/logger';
import type { OpampController } from '../controllers/opampController';
import { encodeErrorResponse } from '../proto/codec';
import type { Pass } from '../services/admission';
import type { Connections } from '../services/connections';
import { FIRST_BYTES } from '../services/inFlight';
import type { InFlight } from '../services/inFlight';
import { AgentSocket, messageIn } from './agentSocket';
import type { SocketHandlers } from './agentSocket';
import { MESSAGE_LIMIT_BYTES } from './http';
import { countRefusal } from './refusals';

/** Messages that are none, or too many, before their sender is let go. */
const MAX_FAULTS = 5;
/** Of these, what a good message makes up for. */
const FORGIVEN = 0.1;

/** Pieces that a message may come in: it would otherwise cost far more than its bytes. */
const MAX_FRAGMENTS = 4_096;

/** When to come back where a message could not be taken. */
const RETRY_MS = 1_000;

export interface SocketServices {
  controller: OpampController;
  connections: Connections;
  inFlight: InFlight;
  /** An agent gave a sign of life: it may be due something. */
  alive(socket: AgentSocket): void;
  /** A connection is gone. */
  gone(socket: AgentSocket): void;
  metrics: Metrics;
  log: Logger;
}

function createHandlers(services: SocketServices): SocketHandlers {
  const { controller, connections, inFlight, metrics, log } = services;

  function giveBack(socket: AgentSocket): void {
    socket.partialBytes = 0;
    socket.partialSince = 0;
    if (socket.held === 0) return;
    inFlight.give(socket.pass.admitted.token, socket.held);
    socket.held = 0;
  }

  function answerError(socket: AgentSocket, error: TenancyError): void {
    const { message, status } = error;
    const { kind } = socket.pass.admitted;
    metrics.count('opamp_messages_total', { group: kind, result: error.code });
    const type = status === 400 ? 'BadRequest' : 'Unavailable';
    const retryAfterMs = (error.retryAfterSeconds ?? 0) * 1_000 || RETRY_MS;
    const head = encodeErrorResponse({
      type,
      message,
      ...(type === 'Unavailable' ? { retryAfterMs } : {}),
    });
    socket.deliver({ head, wire: undefined });
  }

  /** Tells what is wrong, a few times; then lets go. */
  function fault(socket: AgentSocket, thrown: unknown): void {
    const error = toTenancyError(thrown);
    if (!countRefusal(metrics, error.code)) {
      log.error({ code: error.code, err: error.cause ?? error }, 'OpAMP message failed');
    }
    socket.faults += 1;
    if (socket.faults <= MAX_FAULTS) answerError(socket, error);
    if (error.status === 429 && error.code !== 'too_many_requests') {
      socket.finish({ code: 1013, reason: 'too many agents' });
    } else if (socket.faults >= MAX_FAULTS) {
      socket.finish({ code: 1008, reason: error.code });
    }
  }

  return {
    received(socket, chunk) {
      socket.partialBytes += chunk.length;
      if (socket.partialBytes <= FIRST_BYTES) return;
      try {
        const { token } = socket.pass.admitted;
        socket.held = inFlight.grow(token, socket.held, socket.partialBytes);
        socket.partialSince ||= Date.now();
      } catch {
        metrics.count('opamp_refused_total', { reason: 'overloaded' });
        socket.terminate();
      }
    },

    message(socket, data, isBinary) {
      giveBack(socket);
      const now = Date.now();
      socket.heardAt = now;
      socket.pingedAt = 0;
      socket.hasSpoken = true;
      try {
        if (!socket.isWithinRate(now)) {
          throw new TenancyError('too_many_requests', 'Messages come too fast.');
        }
        const message = isBinary && Buffer.isBuffer(data) ? messageIn(data) : undefined;
        if (!message) {
          throw new TenancyError('invalid_opamp_message', 'A frame is binary and begins with 0.');
        }
        const { admitted } = socket.pass;
        socket.deliver(controller.handle({ admitted, connection: socket }, message));
        socket.faults = Math.max(0, socket.faults - FORGIVEN);
      } catch (error) {
        fault(socket, error);
      }
    },

    pinged(socket) {
      if (socket.held === 0) socket.partialBytes = 0;
    },

    ponged(socket) {
      if (socket.held === 0) socket.partialBytes = 0;
      const now = Date.now();
      if (socket.pingedAt === 0) {
        // Nobody asked. It is no sign of life, and not to be had for nothing.
        if (!socket.isWithinRate(now)) {
          fault(socket, new TenancyError('too_many_requests', 'Pongs come too fast.'));
        }
        return;
      }
      socket.heardAt = now;
      socket.pingedAt = 0;
      controller.pong(socket);
      services.alive(socket);
    },

    failed(_socket, { code }) {
      // ws closes the connection, with the code that belongs to it; a broken one is no fault of anybody.
      if (code?.startsWith('WS_ERR') !== true) return;
      const tooLarge = code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';
      metrics.count('opamp_refused_total', { reason: tooLarge ? 'too_large' : 'malformed' });
    },

    closed(socket) {
      giveBack(socket);
      connections.delete(socket);
      controller.closed(socket);
      services.gone(socket);
    },
  };
}

/** The WebSockets of agents: frames in, messages out. Whom to let in, and when to let go, is decided by others. */
export class AgentSockets {
  private readonly server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // Configs are pushed to thousands at once; a window for each of them costs more than it saves.
    perMessageDeflate: false,
    maxPayload: MESSAGE_LIMIT_BYTES + 1,
    maxFragments: MAX_FRAGMENTS,
    WebSocket: AgentSocket,
  });
  private readonly handlers: SocketHandlers;

  constructor(private readonly services: SocketServices) {
    this.handlers = createHandlers(services);
  }

  /** Upgrades an admitted request. What is wrong with the handshake itself is answered by `ws`. */
  accept(req: IncomingMessage, socket: Duplex, head: Buffer, pass: Pass): void {
    this.server.handleUpgrade(req, socket, head, (agentSocket) => {
      const { connections } = this.services;
      agentSocket.begin(req.socket, connections.shared(pass), this.handlers);
      connections.add(agentSocket);
    });
  }
}
