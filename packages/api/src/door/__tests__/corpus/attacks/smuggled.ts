import { b, database } from '../../../../clickhouse/__tests__/isolation/tenants';
import type { Attack, Control } from '../attack';
import type { Entrance } from '../entrances';
import type { Site } from '../site';
import { send } from '../wire';

const theirs = `SELECT Body FROM ${database}.otel_logs_${b} LIMIT 1`;

/** A request of ClickHouse's administrator, to be carried past the service within another one. */
function inner(site: Site): string {
  const { url, user, password } = site.clickhouse;
  return [
    `POST /?query=${encodeURIComponent(site.told(theirs))} HTTP/1.1`,
    `Host: ${new URL(url).host}`,
    `X-ClickHouse-User: ${user}`,
    `X-ClickHouse-Key: ${password}`,
    'Content-Length: 0',
    'Connection: close',
    '',
    '',
  ].join('\r\n');
}

const control: Control = async (site) => {
  const raw = { method: 'POST', path: '/', headers: [], bytes: Buffer.from(inner(site)) };
  const { body } = await send(site.clickhouse.url, raw);
  return site.leaks(body).length > 0 ? undefined : `shows nothing: ${body.slice(0, 300)}`;
};

interface Parts {
  /** Lines that say who asks. */
  login: string;
  /** What is to be smuggled in. */
  inside: string;
  path: string;
}

const attack = (mechanism: string, bytes: (parts: Parts) => string): Attack => ({
  mechanism: `wire: ${mechanism}`,
  sends(at: Entrance, site: Site) {
    const login = at
      .login(site.acme)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('');
    const made = bytes({ login: `Host: x\r\n${login}`, inside: inner(site), path: at.path });
    return [{ method: 'POST', path: at.path, headers: [], bytes: Buffer.from(made, 'latin1') }];
  },
  control,
});

const query = '/?query=SELECT+1';
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

/** Bytes that two servers may read as requests that end in different places. */
export const smuggled: readonly Attack[] = [
  attack(
    'a length and chunks at once',
    ({ path, login, inside }) =>
      `POST ${path} HTTP/1.1\r\n${login}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n${chunk('SELECT 1')}0\r\n\r\n${inside}`,
  ),
  attack(
    'two lengths',
    ({ path, login, inside }) =>
      `POST ${path} HTTP/1.1\r\n${login}Content-Length: 8\r\nContent-Length: ${8 + inside.length}\r\n\r\nSELECT 1${inside}`,
  ),
  attack(
    'a length that is no number',
    ({ path, login, inside }) =>
      `POST ${path} HTTP/1.1\r\n${login}Content-Length: +8\r\n\r\nSELECT 1${inside}`,
  ),
  attack(
    'chunks in another spelling',
    ({ path, login, inside }) =>
      `POST ${path} HTTP/1.1\r\n${login}Transfer-Encoding: xchunked, chunked\r\nTransfer-encoding : chunked\r\n\r\n${chunk('SELECT 1')}0\r\n\r\n${inside}`,
  ),
  attack(
    'chunks that are not the last encoding',
    ({ path, login, inside }) =>
      `POST ${path} HTTP/1.1\r\n${login}Transfer-Encoding: chunked, identity\r\n\r\n${chunk('SELECT 1')}0\r\n\r\n${inside}`,
  ),
  attack(
    'an extension of a chunk',
    ({ path, login, inside }) =>
      `POST ${path} HTTP/1.1\r\n${login}Transfer-Encoding: chunked\r\n\r\n8;x="\r\n${inside}"\r\nSELECT 1\r\n0\r\n\r\n`,
  ),
  attack(
    'trailers that are headers',
    ({ path, login, inside }) =>
      `POST ${path} HTTP/1.1\r\n${login}Transfer-Encoding: chunked\r\nTrailer: X-ClickHouse-User\r\n\r\n${chunk('SELECT 1')}0\r\nX-ClickHouse-User: default\r\n\r\n${inside}`,
  ),
  attack(
    'a request in the body',
    ({ path, login, inside }) =>
      `POST ${path} HTTP/1.1\r\n${login}Content-Length: ${inside.length}\r\n\r\n${inside}`,
  ),
  attack(
    'a request in a GET that has a body',
    ({ login, path, inside }) =>
      `GET ${path === '/' ? query : path + query} HTTP/1.1\r\n${login}Content-Length: ${inside.length}\r\n\r\n${inside}`,
  ),
  attack(
    'a request behind another',
    ({ path, login, inside }) =>
      `POST ${path} HTTP/1.1\r\n${login}Content-Length: 8\r\n\r\nSELECT 1${inside}`,
  ),
  attack(
    'a header over two lines',
    ({ path, login, inside }) =>
      `POST ${path} HTTP/1.1\r\n${login}X-A: b\r\n X-ClickHouse-User: default\r\nContent-Length: 8\r\n\r\nSELECT 1${inside}`,
  ),
  attack(
    'line ends without returns',
    ({ path, login, inside }) =>
      `POST ${path} HTTP/1.1\n${login.replaceAll('\r\n', '\n')}Content-Length: 8\n\nSELECT 1${inside.replaceAll('\r\n', '\n')}`,
  ),
  attack(
    'a line end in the target',
    ({ path, login, inside }) =>
      `POST ${path} HTTP/1.1\r\nX-A: b HTTP/1.1\r\n${login}Content-Length: 0\r\n\r\n${inside}`,
  ),
  attack(
    'a request of an older protocol',
    ({ path, login, inside }) =>
      `POST ${path} HTTP/1.0\r\n${login}Connection: keep-alive\r\nContent-Length: 8\r\n\r\nSELECT 1${inside}`,
  ),
  attack(
    'an upgrade',
    ({ path, login, inside }) =>
      `GET ${path} HTTP/1.1\r\n${login}Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n${inside}`,
  ),
  attack(
    'a tunnel',
    ({ login, inside }) => `CONNECT 127.0.0.1:8123 HTTP/1.1\r\n${login}\r\n${inside}`,
  ),
];
