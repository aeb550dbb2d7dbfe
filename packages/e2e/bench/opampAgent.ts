import { WebSocket } from 'ws';

import {
  applied,
  availableComponents,
  fullState,
  heartbeat,
  readServerMessage,
} from './opampMessages';
import type { Speaker } from './opampMessages';

/** Of every message over a WebSocket, both ways: one zero byte comes first (OpAMP specification, "WebSocket Message Format"). */
const HEADER = Buffer.from([0]);

/** How long to wait before the next try: grows by half each time and is drawn around that, as the supervisor's is. */
const FIRST_PAUSE_MS = 500;
const MAX_PAUSE_MS = 30_000;
const HANDSHAKE_TIMEOUT_MS = 45_000;

export interface AgentOptions {
  url: string;
  token: string;
  /** The address that it calls from: one has ports for some 28,000 connections. */
  address: string;
  uid: Buffer;
  /** A config came; not called for one that it has. */
  onOffer(agent: Agent, bytes: number): void;
}

/** A collector's agent on a WebSocket: says what a supervisor would, applies every config at once, and comes back whenever it is cut off. */
export class Agent implements Speaker {
  uid: Buffer;
  sequence = 0;
  hash: Buffer | undefined;
  /** Whether the server has heard all of it over this connection, and has nothing newer for it. */
  inStep = false;
  /** When it lost its connection, and when it was in step again: milliseconds since the epoch. */
  lostAt: number | undefined;
  backAt: number | undefined;
  private socket: WebSocket | undefined;
  private timer: NodeJS.Timeout | undefined;
  private tries = 0;
  private stopped = false;

  constructor(readonly options: AgentOptions) {
    this.uid = options.uid;
  }

  get connected(): boolean {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /** Begins to connect. @param opened called once the first try has ended, in either way. */
  start(opened: () => void = () => undefined): void {
    const { url, token, address } = this.options;
    const socket = new WebSocket(url, {
      headers: { Authorization: `Bearer ${token}` },
      localAddress: address,
      perMessageDeflate: false,
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    });
    this.socket = socket;
    let retryAfterMs = 0;
    socket.once('open', () => {
      this.tries = 0;
      opened();
      // After a break the server is told no more than that it is there: what it has forgotten it asks for.
      this.send(this.sequence === 0 ? fullState(this) : heartbeat(this));
    });
    socket.on('message', (data: Buffer) => this.take(data.subarray(HEADER.length)));
    socket.once('unexpected-response', (_request, answer) => {
      retryAfterMs = Number(answer.headers['retry-after'] ?? 0) * 1_000;
      // Its body says what is known from its status.
      answer.resume();
      socket.terminate();
    });
    // What an error means is told by the close that follows.
    socket.on('error', () => undefined);
    socket.once('close', () => {
      opened();
      this.lost(retryAfterMs);
    });
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.socket?.terminate();
  }

  heartbeat(): void {
    if (this.connected) this.send(heartbeat(this));
  }

  private lost(retryAfterMs: number): void {
    if (this.stopped) return;
    if (this.inStep || this.lostAt === undefined) this.lostAt = Date.now();
    this.inStep = false;
    this.backAt = undefined;
    const mean = Math.min(FIRST_PAUSE_MS * 1.5 ** this.tries, MAX_PAUSE_MS);
    this.tries += 1;
    const pause = Math.max(mean * (0.5 + Math.random()), retryAfterMs);
    this.timer = setTimeout(() => this.start(), pause);
  }

  private send(message: Buffer): void {
    this.sequence += 1;
    this.socket?.send(Buffer.concat([HEADER, message]));
  }

  private take(message: Buffer): void {
    const { offer, wantsFullState, wantsComponents, newUid } = readServerMessage(message);
    if (newUid) this.uid = newUid;
    if (offer && !this.hash?.equals(offer.hash)) {
      this.hash = offer.hash;
      this.options.onOffer(this, offer.bytes);
      this.send(applied(this));
    }
    if (wantsFullState) this.send(fullState(this));
    if (wantsComponents) this.send(availableComponents(this));
    this.inStep = this.hash !== undefined && !wantsFullState;
    if (this.inStep) this.backAt ??= Date.now();
  }
}
