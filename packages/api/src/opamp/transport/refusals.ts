import type { IncomingMessage, ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

import type { ErrorCode, TenancyError } from '@hyperdx-tenancy/domain/errors';

import type { Labels, Metrics } from '../../metrics';
import { passOver } from '../../utils/passOver';
import { encodeErrorResponse } from '../proto/codec';
import type { Credentials } from '../services/admission';
import { sendJson, sendMessage } from './http';

type Refusal = Labels<'opamp_refused_total'>['reason'];

/** By which limit a refusal counts; others are no refusals of agents. */
const refusals: Partial<Record<ErrorCode, Refusal>> = {
  unauthorized: 'unauthorized',
  token_revoked: 'revoked',
  too_many_agents: 'too_many_agents',
  too_many_requests: 'too_many_messages',
  overloaded: 'overloaded',
  mongo_unavailable: 'overloaded',
  invalid_opamp_message: 'malformed',
  payload_too_large: 'too_large',
};

/** Counts an agent that was turned away; `false` where the error says nothing of the kind. */
export function countRefusal(
  metrics: Metrics,
  code: ErrorCode,
  { token, key }: Partial<Credentials> = {},
): boolean {
  const reason = refusals[code];
  if (code === 'unauthorized' || code === 'token_revoked') {
    const known = code === 'token_revoked' ? 'expired' : 'unknown';
    const failure = token === undefined && key === undefined ? 'missing' : known;
    metrics.count('auth_failures_total', { server: 'opamp', reason: failure });
  }
  if (reason) metrics.count('opamp_refused_total', { reason });
  return reason !== undefined;
}

function retryHeaders({ retryAfterSeconds }: TenancyError): Record<string, string> {
  return retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
}

/**
 * Refuses a request: what is no message with the OpAMP answer `BadRequest`, all else with JSON, which no client reads. What is
 * left of a body is read for a while, so that its sender gets to the answer.
 */
export function refuseRequest(
  req: IncomingMessage,
  res: ServerResponse,
  error: TenancyError,
): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const headers = {
    ...retryHeaders(error),
    ...(req.complete ? {} : { connection: 'close' }),
  };
  if (error.code === 'invalid_opamp_message') {
    const head = encodeErrorResponse({ type: 'BadRequest', message: error.message });
    sendMessage(res, { head, wire: undefined }, error.status, headers);
  } else {
    sendJson(res, error.status, { message: error.message, code: error.code }, headers);
  }
  passOver(req);
}

/** Refuses an upgrade, and closes its connection. */
export function refuseUpgrade(socket: Duplex, error: TenancyError): void {
  const body = JSON.stringify({ message: error.message, code: error.code });
  const headers = {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
    ...retryHeaders(error),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const status = `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? ''}`;
  socket.once('finish', () => socket.destroy());
  socket.end([status, ...lines, '', body].join('\r\n'));
}
