import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';

import express from 'express';

import type { TrustProxy } from '../configFiles/trustProxy';

/**
 * They are about one connection, not about the message (RFC 9110, section 7.6.1). `Expect` is answered by our own
 * server, and `Host` names who is asked.
 */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** How we are called in `Via`: by it a request that comes back to us is known. */
const PSEUDONYM = 'hyperdx-tenancy';

/** What proxies say of a client. Of somebody who is none, it is not believed. */
const FORWARDING = /^(?:x-forwarded-.*|forwarded|x-real-ip)$/;

/** The names that a `Connection` header lists: hop-by-hop as well. */
function listedIn(connection: string | undefined): readonly string[] {
  if (connection === undefined) return [];
  const text = connection.toLowerCase();
  // Nearly always.
  if (text === 'keep-alive' || text === 'close') return [];
  return text.split(',').map((name) => name.trim());
}

/** Whether the peer of a connection is a proxy whose word is taken. */
export type Trusts = (address: string, hop: number) => boolean;

/** Express's own reading of its setting `trust proxy`, for requests that do not come through Express as well. */
export function compileTrust(trustProxy: TrustProxy): Trusts {
  const settings = express();
  settings.set('trust proxy', trustProxy);
  return settings.get('trust proxy fn') as Trusts;
}

/** True for a request that we have forwarded before: HYPERDX_API_URL leads to us. */
export function hasPassedUs({ headers }: IncomingMessage): boolean {
  return headers.via?.includes(PSEUDONYM) === true;
}

/** A header that may come as a list, as one text. */
function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}

/** `X-Forwarded-*`, `Via` and the request's id, as HyperDX gets them. */
function forwarding(req: IncomingMessage, trusted: boolean, requestId: string): string[] {
  const { headers, socket } = req;
  const peer = socket.remoteAddress ?? 'unknown';
  const protocol = (socket as Partial<TLSSocket>).encrypted === true ? 'https' : 'http';
  const said = (name: string): string | undefined => (trusted ? textOf(headers[name]) : undefined);
  const chain = said('x-forwarded-for');
  const via = textOf(headers.via);
  const given = [
    'X-Forwarded-For',
    chain === undefined ? peer : `${chain}, ${peer}`,
    'X-Forwarded-Proto',
    said('x-forwarded-proto') ?? protocol,
    'Via',
    via === undefined ? `1.1 ${PSEUDONYM}` : `${via}, 1.1 ${PSEUDONYM}`,
    'X-Request-Id',
    requestId,
  ];
  const host = said('x-forwarded-host') ?? headers.host;
  return host === undefined ? given : ['X-Forwarded-Host', host, ...given];
}

/** Written anew from what came, or from the connection. */
const REWRITTEN: ReadonlySet<string> = new Set([
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'via',
  'x-request-id',
]);

/**
 * The headers of a request as HyperDX gets them: those of the client, names and order as they came, without what is about
 * the connection; then what is said of the client.
 * @returns names and values in turn.
 */
export function requestHeaders(req: IncomingMessage, trusts: Trusts, requestId: string): string[] {
  const { rawHeaders } = req;
  const trusted = trusts(req.socket.remoteAddress ?? '', 0);
  const listed = listedIn(req.headers.connection);
  const kept: string[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const given = rawHeaders[i] ?? '';
    const name = given.toLowerCase();
    if (HOP_BY_HOP.has(name) || REWRITTEN.has(name) || listed.includes(name)) continue;
    if (!trusted && FORWARDING.test(name)) continue;
    kept.push(given, rawHeaders[i + 1] ?? '');
  }
  kept.push(...forwarding(req, trusted, requestId));
  return kept;
}

/**
 * The headers of an answer as the client gets them; the request's id is ours to say.
 * @param raw names and values in turn.
 * @returns names and values in turn.
 */
export function answerHeaders(raw: readonly (string | Buffer)[]): string[] {
  const kept: string[] = [];
  let listed: readonly string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const given = textOfPart(raw[i]);
    const name = given.toLowerCase();
    if (name === 'connection') listed = [...listed, ...listedIn(textOfPart(raw[i + 1]))];
    if (HOP_BY_HOP.has(name) || name === 'x-request-id') continue;
    kept.push(given, textOfPart(raw[i + 1]));
  }
  if (listed.length === 0) return kept;
  return kept.filter((_, i) => !listed.includes((kept[i - (i % 2)] ?? '').toLowerCase()));
}

/** Headers are bytes; Node takes them as Latin-1, in which none is lost. */
function textOfPart(part: string | Buffer | undefined): string {
  return typeof part === 'string' ? part : (part?.toString('latin1') ?? '');
}
