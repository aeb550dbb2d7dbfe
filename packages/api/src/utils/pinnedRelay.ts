import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { byteLimit } from './byteLimit';
import { requestPinned, responseTo } from './pinnedRequest';
import type { PinnedTarget } from './pinnedRequest';

export interface Relayed {
  target: PinnedTarget;
  /** With its query. */
  path: string;
  username: string;
  password: string;
  /** The error of a server that cannot be asked, whatever the reason. */
  failed: (cause: unknown) => Error;
  /** The error of a body that is too large. */
  tooLarge: () => Error;
}

/** HyperDX 2.36 takes bodies of 32 MB. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

/** HyperDX 2.36 ends a query of its UI after this time. */
const MAX_MS = 800_000;

/** What a server of somebody's may be told of the request: no cookie, no address, no token. */
const REQUEST_HEADERS = [
  'accept',
  'accept-encoding',
  'content-encoding',
  'content-length',
  'content-type',
  'user-agent',
] as const;

/** What it may tell a browser that takes the answer for ours: nothing that sets a cookie or a rule for this origin. */
const RESPONSE_HEADER =
  /^(cache-control|content-encoding|content-length|content-type|x-clickhouse-.*)$/;

/** ClickHouse's own names for who asks; an empty one is left out, as HyperDX's proxy does. */
export function clickhouseLogin(username: string, password: string): OutgoingHttpHeaders {
  return {
    ...(username === '' ? {} : { 'x-clickhouse-user': username }),
    ...(password === '' ? {} : { 'x-clickhouse-key': password }),
  };
}

function forwardedHeaders(req: IncomingMessage, host: string): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { host };
  for (const name of REQUEST_HEADERS) {
    const value = req.headers[name];
    if (value !== undefined) headers[name] = value;
  }
  return headers;
}

/**
 * Passes a request on to a server of a tenant's own, and its answer back, both as streams. When the client goes, so does
 * the request.
 * @throws what `failed` or `tooLarge` make, as long as nothing was answered; later faults end the connection.
 */
export async function relay(
  req: IncomingMessage,
  res: ServerResponse,
  { target, path, username, password, failed, tooLarge }: Relayed,
): Promise<void> {
  const ended = new AbortController();
  res.once('close', () => ended.abort());
  const limit = sleep(MAX_MS, undefined, { signal: ended.signal, ref: false }).then(
    () => ended.abort(),
    () => undefined,
  );
  const request = requestPinned(target, {
    method: 'POST',
    path,
    headers: { ...forwardedHeaders(req, target.url.host), ...clickhouseLogin(username, password) },
    signal: ended.signal,
  });
  let oversized: Error | undefined;
  const limited = byteLimit(MAX_BODY_BYTES, () => (oversized = tooLarge()));
  limited.once('error', (error) => request.destroy(error));
  // Not a pipeline: a server that answers before it has read everything must not cost the client its connection.
  req.pipe(limited).pipe(request);
  try {
    const answer = await responseTo(request);
    const status = answer.statusCode ?? 0;
    // A redirect leads to an address that nobody looked at, from here or from the browser.
    if (status < 200 || (status >= 300 && status < 400)) {
      request.destroy();
      throw new Error(`answered ${status}`);
    }
    res.statusCode = status;
    for (const [name, value] of Object.entries(answer.headers)) {
      if (value !== undefined && RESPONSE_HEADER.test(name)) res.setHeader(name, value);
    }
    await pipeline(answer, res);
  } catch (cause) {
    request.destroy();
    if (ended.signal.aborted && res.destroyed) return;
    if (!res.headersSent) throw oversized ?? failed(cause);
    res.destroy();
  } finally {
    // What is left of the body is read and dropped: Node does so only with one that nobody has begun to read.
    req.unpipe(limited);
    req.resume();
    ended.abort();
    await limit;
  }
}
