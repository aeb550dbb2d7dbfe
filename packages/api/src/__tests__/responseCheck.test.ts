import { checkAnswer } from './responseCheck';

const id = '0123456789abcdef01234567';

function check(
  method: string,
  url: string,
  status: number,
  body: unknown,
  headers: Record<string, string> = {
    'content-type': 'application/json; charset=utf-8',
    'x-request-id': 'r',
  },
): void {
  const text = body === undefined ? '' : JSON.stringify(body);
  checkAnswer(method, url, { status, headers: new Headers(headers), text });
}

const token = {
  id,
  name: 'n',
  role: 'admin',
  expiresAt: null,
  expired: false,
  createdBy: 'me',
  createdAt: '2026-01-01T00:00:00.000Z',
  lastUsedAt: null,
};
const error = { message: 'm', code: 'not_found' };

describe('checkAnswer', () => {
  it.each([
    ['GET', '/tenancy/v1/operator-tokens', 200, { data: [token] }],
    ['GET', '/Tenancy/v1/Operator-Tokens/?x=1', 200, { data: [] }],
    ['DELETE', `/tenancy/v1/operator-tokens/${id}`, 204, undefined],
    ['DELETE', `/tenancy/v1/operator-tokens/${id}`, 404, error],
    ['PROPFIND', '/tenancy/v1/no/such/route', 404, error],
    ['GET', '/health', 200, { what: 'ever' }],
  ])('takes %s %s: %s', (method, url, status, body) => {
    expect(() => check(method, url, status, body)).not.toThrow();
  });

  it.each([
    ['GET', '/tenancy/v1/operator-tokens', 200, { data: [{ ...token, hash: 'x' }] }, /additional/],
    ['GET', '/tenancy/v1/operator-tokens', 200, { data: [{ ...token, role: 'root' }] }, /role/],
    ['GET', '/tenancy/v1/operator-tokens', 200, { data: [{}] }, /required/],
    ['GET', '/tenancy/v1/operator-tokens', 418, error, /418, which is not in/],
    ['GET', '/tenancy/v1/operator-tokens', 401, { ...error, stack: 's' }, /additional/],
    ['DELETE', `/tenancy/v1/operator-tokens/${id}`, 204, {}, /must be empty/],
    ['GET', '/tenancy/v1/no/such/route', 200, {}, /is not in the OpenAPI document/],
    ['GET', '/tenancy/v1/no/such/route', 404, { error: 'x' }, /required/],
  ])('refuses %s %s: %s with %j', (method, url, status, body, why) => {
    expect(() => check(method, url, status, body)).toThrow(why);
  });

  it('refuses an answer without its headers', () => {
    const url = '/tenancy/v1/operator-tokens';
    const json = { 'content-type': 'application/json' };
    expect(() => check('GET', url, 401, error, json)).toThrow(/x-request-id/);
    const html = { 'content-type': 'text/html', 'x-request-id': 'r' };
    expect(() => check('GET', url, 401, error, html)).toThrow(/text\/html/);
  });
});
