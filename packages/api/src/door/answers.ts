import type { ServerResponse } from 'node:http';

import type { ErrorCode, TenancyError } from '@hyperdx-tenancy/domain/errors';

import type { ClickHouseSaid } from './clickhouseSaid';
import { AuthenticationFailed } from './logins';

/** The door's own port, where ClickHouse's clients come; or HyperDX's `/clickhouse-proxy`. */
export type Entrance = 'door' | 'ui';

interface Exception {
  code: number;
  name: string;
}

/** ClickHouse's exception for an error of ours; codes: `SELECT errorCodeToName(n)`. */
const exceptions: Partial<Record<ErrorCode, Exception>> = {
  invalid_request: { code: 36, name: 'BAD_ARGUMENTS' },
  unsupported_media_type: { code: 89, name: 'UNKNOWN_COMPRESSION_METHOD' },
  payload_too_large: { code: 229, name: 'QUERY_IS_TOO_LARGE' },
  unauthorized: { code: 194, name: 'REQUIRED_PASSWORD' },
  too_many_attempts: { code: 516, name: 'AUTHENTICATION_FAILED' },
  forbidden: { code: 497, name: 'ACCESS_DENIED' },
  query_refused: { code: 497, name: 'ACCESS_DENIED' },
  too_many_queries: { code: 202, name: 'TOO_MANY_SIMULTANEOUS_QUERIES' },
  overloaded: { code: 202, name: 'TOO_MANY_SIMULTANEOUS_QUERIES' },
  clickhouse_unavailable: { code: 210, name: 'NETWORK_ERROR' },
  mongo_unavailable: { code: 210, name: 'NETWORK_ERROR' },
};
const AUTHENTICATION_FAILED: Exception = { code: 516, name: 'AUTHENTICATION_FAILED' };
const OTHER: Exception = { code: 1001, name: 'STD_EXCEPTION' };

const TEXT = 'text/plain; charset=UTF-8';

function exceptionOf(error: TenancyError): Exception {
  if (error instanceof AuthenticationFailed) return AUTHENTICATION_FAILED;
  return exceptions[error.code] ?? OTHER;
}

/** As ClickHouse writes an exception over HTTP; its clients find code and name in it. */
function exceptionText({ code, name }: Exception, message: string): string {
  return `Code: ${code}. DB::Exception: ${message.replace(/\.$/, '')}. (${name})\n`;
}

function inClickHouseForm(res: ServerResponse, status: number, code: number, text: string): void {
  res.statusCode = status;
  res.setHeader('content-type', TEXT);
  res.setHeader('x-clickhouse-exception-code', String(code));
  res.end(text);
}

/** Answers with what ClickHouse said, as it comes from ClickHouse itself. */
export function sendSaid(res: ServerResponse, said: ClickHouseSaid): void {
  inClickHouseForm(res, said.status, said.code, `${said.message}\n`);
}

/** Answers with an error of ours, in the form that callers of the entrance expect. */
export function sendError(res: ServerResponse, entrance: Entrance, error: TenancyError): void {
  const { status, code, message, retryAfterSeconds } = error;
  if (retryAfterSeconds !== undefined) res.setHeader('retry-after', String(retryAfterSeconds));
  if (entrance === 'ui') {
    res.statusCode = status;
    res.setHeader('content-type', 'application/json; charset=utf-8');
    res.end(JSON.stringify({ message, code }));
    return;
  }
  // As ClickHouse does where nobody was named; a wrong password is 403 there.
  if (code === 'unauthorized') {
    res.setHeader('www-authenticate', 'Basic realm="ClickHouse server HTTP API"');
  }
  const exception = exceptionOf(error);
  inClickHouseForm(res, status, exception.code, exceptionText(exception, message));
}
