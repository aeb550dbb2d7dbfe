import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  applied,
  availableComponents,
  fullState,
  heartbeat,
  readServerMessage,
} from './opampMessages';
import type { Speaker } from './opampMessages';

/** Where agents poll, and with what token. */
export interface PollTarget {
  port: number;
  token: string;
}

/** What some load came to. */
export interface PollRate {
  polls: number;
  seconds: number;
  /** Bytes of the last answer's body. */
  answerBytes: number;
}

const TIMEOUT_MS = 60_000;
const POLL_MS = 5;
const HEAD_END = Buffer.from('\r\n\r\n');

/**
 * One agent over one kept connection. Written on the bare socket: `node:http` as a client takes more of the machine than a server
 * that has next to nothing to do, and would be what is measured.
 */
export class PollingAgent {
  private readonly speaker: Speaker = { uid: randomBytes(16), sequence: 0, hash: undefined };
  private received: Buffer = Buffer.alloc(0);
  private waiting: { resolve: (body: Buffer) => void; reject: (error: Error) => void } | undefined;

  private constructor(
    private readonly socket: Socket,
    private readonly head: string,
  ) {
    socket.setNoDelay(true);
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('a poll was not answered')));
    socket.on('data', (chunk: Buffer) => this.take(chunk));
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new Error('the server closed the connection')));
  }

  static async open({ port, token }: PollTarget): Promise<PollingAgent> {
    const socket = connect({ host: '127.0.0.1', port });
    await once(socket, 'connect');
    const head =
      `POST /v1/opamp HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\n` +
      'Content-Type: application/x-protobuf\r\nContent-Length: ';
    return new PollingAgent(socket, head);
  }

  close(): void {
    this.socket.destroy();
  }

  /**
   * Says everything, takes what it is offered and reports on it, until there is nothing new.
   * @throws Error where that does not come to an end.
   */
  async settle(): Promise<void> {
    let message = fullState(this.speaker);
    for (let turn = 0; turn < 20; turn += 1) {
      const { offer, wantsFullState, wantsComponents } = readServerMessage(
        await this.post(message),
      );
      if (offer) this.speaker.hash = offer.hash;
      if (!offer && !wantsFullState && !wantsComponents) return;
      if (wantsFullState) message = fullState(this.speaker);
      else message = (wantsComponents ? availableComponents : applied)(this.speaker);
    }
    throw new Error('an agent was never told that all is well');
  }

  /** Asks whether there is anything new. @returns the bytes of the answer. */
  async poll(): Promise<number> {
    return (await this.post(heartbeat(this.speaker))).length;
  }

  /**
   * Asks every few milliseconds until it is offered another config, and says that it has it.
   * @throws Error where it is offered none in time.
   */
  async news(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const begun = performance.now();
    while (performance.now() - begun < timeoutMs) {
      const { offer } = readServerMessage(await this.post(heartbeat(this.speaker)));
      if (offer) {
        this.speaker.hash = offer.hash;
        await this.post(applied(this.speaker));
        return;
      }
      await sleep(POLL_MS, undefined, { signal });
    }
    throw new Error('an agent was offered no other config');
  }

  private async post(message: Buffer): Promise<Buffer> {
    this.speaker.sequence += 1;
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      const head = Buffer.from(`${this.head}${message.length}\r\n\r\n`, 'latin1');
      this.socket.write(Buffer.concat([head, message]));
    });
  }

  private take(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    const end = this.received.indexOf(HEAD_END);
    if (end === -1) return;
    const head = this.received.toString('latin1', 0, end);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? NaN);
    const start = end + HEAD_END.length;
    if (!head.startsWith('HTTP/1.1 200') || Number.isNaN(length)) {
      this.fail(new Error(`a poll was answered with ${head.split('\r\n', 1)[0]}`));
      return;
    }
    if (this.received.length < start + length) return;
    const body = this.received.subarray(start, start + length);
    this.received = Buffer.alloc(0);
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.resolve(body);
  }

  private fail(error: Error): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.reject(error);
    this.socket.destroy();
  }
}

/**
 * Has agents poll for so long, each again as soon as it has its answer.
 * @param awake never sleeps meanwhile. A process that sleeps is woken by who writes to it, and on a virtual machine that costs the
 * server more than all else it does for a poll: agents on machines of their own cost it nothing of the kind.
 */
export async function pollFor(
  agents: readonly PollingAgent[],
  ms: number,
  awake: boolean,
  signal: AbortSignal,
): Promise<PollRate> {
  const begun = performance.now();
  const stayAwake = (): void => {
    if (performance.now() - begun < ms) setImmediate(stayAwake);
  };
  if (awake) stayAwake();
  let polls = 0;
  let answerBytes = 0;
  await Promise.all(
    agents.map(async (agent) => {
      while (performance.now() - begun < ms) {
        signal.throwIfAborted();
        answerBytes = await agent.poll();
        polls += 1;
      }
    }),
  );
  return { polls, seconds: (performance.now() - begun) / 1_000, answerBytes };
}
