import { createHash } from 'node:crypto';
import { sendJson, textOf, type Exchange } from './exchange';

/** What arrived, as the stand-in saw it. */
export interface Received {
  method: string;
  /** As it was sent, neither decoded nor normalised. */
  target: string;
  /** Names and values as they were sent, in their order. */
  headers: [name: string, value: string][];
  body: { bytes: number; sha256: string };
  /** Who was signed in. */
  email: string | undefined;
}

export function receivedOf({ request, body, user }: Exchange): Received {
  const headers: [string, string][] = [];
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    headers.push([textOf(request.rawHeaders[at]), textOf(request.rawHeaders[at + 1])]);
  }
  return {
    method: textOf(request.method),
    target: textOf(request.url),
    headers,
    body: { bytes: body.length, sha256: createHash('sha256').update(body).digest('hex') },
    email: user?.email,
  };
}

/** Answers with what arrived. */
export function echo(exchange: Exchange): void {
  sendJson(exchange, receivedOf(exchange));
}
