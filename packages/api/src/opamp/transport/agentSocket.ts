import type { Socket } from 'node:net';

import { WebSocket } from 'ws';
import type { RawData } from 'ws';

import type { Pass } from '../services/admission';
import type { Closing, Connection, Outgoing } from '../services/connections';
import type { Agent } from '../services/registry';

/** What stands before each message on a WebSocket (OpAMP specification, "WebSocket Message Format"): a varint, always 0. */
const HEADER = 0;

/** Who leaves so much unread gets nothing more. */
const MAX_UNREAD_BYTES = 16 * 1024 * 1024;

/**
 * Messages at once, and a second from then on: while a collector starts its supervisor tells of the health of each component, one
 * message after the other; with twenty tenants that is more than a hundred within a second.
 */
const MESSAGES_AT_ONCE = 2_000;
const MESSAGES_PER_SECOND = 50;

/** The message in a frame; `undefined`: there is none. */
export function messageIn(frame: Buffer): Buffer | undefined {
  return frame[0] === HEADER ? frame.subarray(1) : undefined;
}

function framed(head: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(head.byteLength + 1);
  frame[0] = HEADER;
  frame.set(head, 1);
  return frame;
}

/** What is done with what happens on the connections of agents; one for all of them. */
export interface SocketHandlers {
  /** Bytes came; before a message is made of them. */
  received(socket: AgentSocket, chunk: Buffer): void;
  message(socket: AgentSocket, data: RawData, isBinary: boolean): void;
  pinged(socket: AgentSocket): void;
  ponged(socket: AgentSocket): void;
  failed(socket: AgentSocket, error: NodeJS.ErrnoException): void;
  closed(socket: AgentSocket): void;
}

interface Given {
  pass: Pass;
  socket: Socket;
  handlers: SocketHandlers;
}

/**
 * The WebSocket of an agent. There are tens of thousands, so one object holds all that is known of the connection, and its
 * listeners are functions that all share.
 */
export class AgentSocket extends WebSocket implements Connection {
  agent: Agent | undefined = undefined;
  hasHeartbeat = false;
  hasSpoken = false;
  openedAt = 0;
  heardAt = 0;
  pingedAt = 0;
  partialSince = 0;
  blockedSince = 0;
  /** Bytes of a message that is not complete. */
  partialBytes = 0;
  /** Bytes that are held in memory for it. */
  held = 0;
  /** Messages that were none, or too many. */
  faults = 0;
  private messages = MESSAGES_AT_ONCE;
  private countedAt = 0;
  private unwritten = 0;
  private given: Given | undefined = undefined;

  /** To be called once, as soon as it is open. */
  begin(socket: Socket, pass: Pass, handlers: SocketHandlers): void {
    this.given = { pass, socket, handlers };
    this.openedAt = this.heardAt = this.countedAt = Date.now();
    // Before the listener of ws, which makes messages of what it is given.
    socket.prependListener('data', (chunk: Buffer) => handlers.received(this, chunk));
    this.on('message', onMessage).on('ping', onPing).on('pong', onPong);
    this.on('error', onError).on('close', onClose);
  }

  get pass(): Pass {
    return this.begun.pass;
  }

  get handlers(): SocketHandlers {
    return this.begun.handlers;
  }

  private get begun(): Given {
    if (!this.given) throw new Error('The connection has not begun.');
    return this.given;
  }

  /** Counts a message; false where it is one too many. */
  isWithinRate(now: number): boolean {
    const earned = ((now - this.countedAt) / 1_000) * MESSAGES_PER_SECOND;
    this.messages = Math.min(MESSAGES_AT_ONCE, this.messages + earned);
    this.countedAt = now;
    if (this.messages < 1) return false;
    this.messages -= 1;
    return true;
  }

  /**
   * Sends a message, in two fragments where it carries a config: the config's bytes are shared by all agents and put into no
   * message.
   */
  deliver({ head, wire }: Outgoing, written?: () => void): void {
    if (this.readyState !== WebSocket.OPEN) {
      written?.();
      return;
    }
    if (this.bufferedAmount > MAX_UNREAD_BYTES) {
      this.terminate();
      written?.();
      return;
    }
    if (this.unwritten === 0) this.blockedSince = Date.now();
    this.unwritten += 1;
    const done = (): void => {
      this.unwritten -= 1;
      this.blockedSince = this.unwritten === 0 ? 0 : Date.now();
      written?.();
    };
    const { socket } = this.begun;
    socket.cork();
    if (wire) {
      this.send(framed(head), { binary: true, fin: false });
      this.send(wire, { binary: true, fin: true }, done);
    } else {
      this.send(framed(head), { binary: true, fin: true }, done);
    }
    socket.uncork();
  }

  probe(): void {
    if (this.readyState !== WebSocket.OPEN) return;
    this.pingedAt = Date.now();
    this.ping();
  }

  finish({ code, reason }: Closing): void {
    this.close(code, reason);
  }
}

function onMessage(this: WebSocket, data: RawData, isBinary: boolean): void {
  // While it is being closed, nothing is answered any more.
  if (!(this instanceof AgentSocket) || this.readyState !== WebSocket.OPEN) return;
  this.handlers.message(this, data, isBinary);
}

function onPing(this: WebSocket): void {
  if (this instanceof AgentSocket) this.handlers.pinged(this);
}

function onPong(this: WebSocket): void {
  if (this instanceof AgentSocket) this.handlers.ponged(this);
}

function onError(this: WebSocket, error: NodeJS.ErrnoException): void {
  if (this instanceof AgentSocket) this.handlers.failed(this, error);
}

function onClose(this: WebSocket): void {
  if (this instanceof AgentSocket) this.handlers.closed(this);
}
