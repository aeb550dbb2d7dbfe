import { request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';

import type { PinnedAddress } from './publicAddress';

/** Where a request goes: by name in its headers and its certificate, by address on the wire. */
export interface PinnedTarget {
  url: URL;
  address: PinnedAddress;
}

export interface PinnedRequestOptions {
  method: 'GET' | 'POST';
  /** With its query; appended to the target's own path. */
  path: string;
  headers: OutgoingHttpHeaders;
  signal: AbortSignal;
}

/** How long a server may take to accept, and to agree on TLS. */
const CONNECT_MS = 5_000;

/** A connection on which nothing moves is given up. */
const IDLE_MS = 60_000;

function answerWith({ address, family }: PinnedAddress): LookupFunction {
  return (_hostname, options, callback) => {
    if (options.all === true) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
}

/**
 * Begins a request on a connection of its own, which ends with it. Redirects are not followed: the address that they lead
 * to was not looked at.
 */
export function requestPinned(
  { url, address }: PinnedTarget,
  { method, path, headers, signal }: PinnedRequestOptions,
): ClientRequest {
  const isTls = url.protocol === 'https:';
  const request = (isTls ? httpsRequest : httpRequest)({
    method,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (isTls ? 443 : 80) : url.port,
    path: `${url.pathname.replace(/\/+$/, '')}${path}`,
    headers,
    agent: false,
    lookup: answerWith(address),
    timeout: IDLE_MS,
    signal,
  });
  const connecting = setTimeout(
    () => request.destroy(new Error('connecting took too long')),
    CONNECT_MS,
  );
  request.once('socket', (socket) => {
    socket.once(isTls ? 'secureConnect' : 'connect', () => clearTimeout(connecting));
  });
  request.once('timeout', () => request.destroy(new Error('nothing moved for too long')));
  request.once('close', () => clearTimeout(connecting));
  return request;
}

/** The beginning of an answer. @throws Node's error of the socket. */
export async function responseTo(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', reject);
  });
}
