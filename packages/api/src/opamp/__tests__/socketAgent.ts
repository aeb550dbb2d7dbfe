import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';

import { WebSocket } from 'ws';
import type { ClientOptions } from 'ws';

import { answered } from './agentMessages';
import type { Answered } from './agentMessages';

const WAIT_MS = 10_000;

/** An agent's end of a WebSocket. */
export class SocketAgent {
  private readonly received: Answered[] = [];
  private readonly waiting: ((message: Answered) => void)[] = [];
  /** Resolves with code and reason once it is closed. */
  readonly closed: Promise<{ code: number; reason: string }>;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => {
      if (data[0] !== 0) throw new Error('A message does not begin with 0.');
      const message = answered(data.subarray(1));
      const next = this.waiting.shift();
      if (next) next(message);
      else this.received.push(message);
    });
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) =>
      socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    );
  }

  /** Opens a connection. @throws what the server refuses with, as `<status>`. */
  static async open(
    url: string,
    token: string | undefined,
    options: ClientOptions = {},
  ): Promise<SocketAgent> {
    const headers: Record<string, string> =
      token === undefined ? {} : { authorization: `Bearer ${token}` };
    const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers, ...options });
    const agent = new SocketAgent(socket);
    const refused = once(socket, 'unexpected-response').then(([, response]) => {
      const { statusCode, headers: answer } = response as IncomingMessage;
      (response as IncomingMessage).resume();
      throw Object.assign(new Error(`refused: ${statusCode ?? 0}`), {
        status: statusCode,
        headers: answer,
      });
    });
    await Promise.race([once(socket, 'open'), refused]);
    refused.catch(() => undefined);
    return agent;
  }

  say(message: Uint8Array): void {
    this.socket.send(Buffer.concat([Buffer.from([0]), message]));
  }

  /** The next message that was not taken yet. */
  async next(): Promise<Answered> {
    const first = this.received.shift();
    if (first) return first;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('no message came')), WAIT_MS);
      this.waiting.push((message) => {
        clearTimeout(late);
        resolve(message);
      });
    });
  }

  async ask(message: Uint8Array): Promise<Answered> {
    this.say(message);
    return this.next();
  }

  /** What came and was not taken. */
  get untaken(): readonly Answered[] {
    return this.received;
  }

  async close(): Promise<void> {
    this.socket.close();
    await this.closed;
  }
}
