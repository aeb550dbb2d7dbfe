import type { ServerResponse } from 'node:http';

import type { Dispatcher } from 'undici';

import { answerHeaders } from './headers';

/** What comes of an answer, told once. */
export interface ExchangeEnd {
  /** `undefined`: the answer is complete, or its client has left. */
  error?: Error;
}

/** How long nothing may move within an answer: in either direction, so that a client that stops reading counts too. */
export interface IdleLimits {
  idleMs: number;
  /** Of a stream of events, in which silence is normal. */
  idleStreamMs: number;
}

/** Why an exchange was given up on our side. */
class GivenUp extends Error {
  override readonly name = 'GivenUp';
}

/** Undici gives HTTP/1.1's headers as they came. */
function rawHeadersOf({ rawHeaders }: Dispatcher.DispatchController): (string | Buffer)[] {
  return Array.isArray(rawHeaders) ? rawHeaders : [];
}

/**
 * Hands one answer on while it comes, no faster than its client reads. A client that leaves ends the request at HyperDX; an
 * answer that breaks off is broken off for the client too, so that it is not taken for a whole one.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  private controller: Dispatcher.DispatchController | undefined;
  private idle: NodeJS.Timeout | undefined;
  private idleMs: number;
  private moved = false;
  private ended = false;

  constructor(
    private readonly res: ServerResponse,
    private readonly ownHeaders: readonly string[],
    private readonly limits: IdleLimits,
    private readonly onEnd: (end: ExchangeEnd) => void,
  ) {
    this.idleMs = limits.idleMs;
    res.once('close', this.onClose);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.ended) controller.abort(new GivenUp('the client has left'));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
    message = '',
  ): void {
    // Interim answers are about the way to us.
    if (status < 200 || this.ended) return;
    if (String(headers['content-type']).startsWith('text/event-stream')) {
      this.idleMs = this.limits.idleStreamMs;
    }
    this.res.writeHead(status, message, [
      ...answerHeaders(rawHeadersOf(controller)),
      ...this.ownHeaders,
    ]);
    // A short answer comes whole with its head: it goes out in one piece. Otherwise the head does not wait for a body.
    queueMicrotask(this.afterHead);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.ended) return;
    this.moved = true;
    this.idle?.refresh();
    if (this.res.write(chunk)) return;
    controller.pause();
    this.res.once('drain', () => {
      this.idle?.refresh();
      controller.resume();
    });
  }

  onResponseEnd(): void {
    if (this.ended) return;
    this.res.end();
    this.end({});
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.ended) return;
    if (this.res.headersSent) this.res.destroy();
    this.end({ error });
  }

  private readonly afterHead = (): void => {
    if (this.ended) return;
    if (!this.moved) this.res.flushHeaders();
    this.idle = setTimeout(() => {
      this.res.destroy();
      this.abort(new GivenUp('nothing moved for too long'));
    }, this.idleMs);
  };

  private readonly onClose = (): void => this.abort(new GivenUp('the client has left'));

  private abort(reason: GivenUp): void {
    if (this.ended) return;
    this.end({});
    this.controller?.abort(reason);
  }

  private end(end: ExchangeEnd): void {
    this.ended = true;
    clearTimeout(this.idle);
    this.res.off('close', this.onClose);
    this.onEnd(end);
  }
}
