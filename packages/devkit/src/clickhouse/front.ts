import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AccessControl } from './access/accessControl';
import { authenticate, credentialsOf, type Credentials } from './credentials';
import type { Engine } from './engine';
import { asServerError, notImplemented, ServerError } from './errors';
import { contentTypeOf } from './formats';
import { discard, readInput, type Input } from './input';
import type { Pipes } from './pipes';
import { runQuery } from './run';
import { splitParameters, type SplitParameters } from './settings';
import { encodingFor, Sink } from './sink';

export interface FrontOptions {
  engine: Engine;
  pipes: Pipes;
  tempDir: string;
  credentials: Credentials;
  /** Users besides the one of `credentials`, with rights of their own. */
  access?: AccessControl | undefined;
  maxBodyBytes: number;
  /** Facts about the engine that answers repeat in their headers. */
  about: { version: string; timezone: string; displayName: string };
}

/** ClickHouse's http_max_uri_size (1 MiB), with room for headers. */
const maxHeaderSize = 1_048_576 + 131_072;

/** Longer than what common proxies and clients keep idle sockets for, so that the side which reuses them also closes them. */
const keepAliveMs = 75_000;

/** What needs no query: the paths by which others see whether the server is up. */
const plainAnswers = new Map([
  ['/ping', 'Ok.\n'],
  ['/replicas_status', 'Ok.\n'],
]);

const isOn = (value: string | undefined): boolean =>
  value !== undefined && value !== '' && value !== '0' && value !== 'false';

/** What the interface has on a server and cannot have here is refused, not ignored: a client would rely on it. */
function refuseUnsupported(http: ReadonlyMap<string, string>): void {
  if (http.get('session_id')) throw notImplemented('HTTP sessions (session_id)');
  if (isOn(http.get('compress')) || isOn(http.get('decompress'))) {
    throw notImplemented('ClickHouse block compression (compress, decompress); use gzip');
  }
  const role = http.get('role');
  if (role)
    throw new ServerError(511, 'UNKNOWN_ROLE', `There is no role \`${role}\` in user directories`);
}

function protocolVersion(parameters: SplitParameters): number {
  const version = Number(parameters.http.get('client_protocol_version') ?? 0);
  return Number.isSafeInteger(version) && version > 0 ? version : 0;
}

/** How long the rest of a refused body is read, so that its sender gets to the answer instead of a reset connection. */
const passOverMs = 20_000;

/** Reads a body that nobody wants to its end; a sender that goes on and on is cut off. */
function passOver(request: IncomingMessage): void {
  if (request.complete) return;
  request.unpipe();
  request.resume();
  setTimeout(() => {
    if (!request.complete) request.destroy();
  }, passOverMs).unref();
}

/** Serves one request to `/`. */
async function handleQuery(
  options: FrontOptions,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { about } = options;
  const inUrl = splitParameters(url.searchParams);
  const queryId = inUrl.http.get('query_id') ?? randomUUID();
  response.setHeader('X-ClickHouse-Server-Display-Name', about.displayName);
  response.setHeader('X-ClickHouse-Timezone', about.timezone);
  response.setHeader('X-ClickHouse-Query-Id', queryId.replace(/[^\x20-\x7e]/g, '?'));
  const setting = inUrl.settings.get('enable_http_compression');
  const sink = new Sink(response, encodingFor(request, isOn(setting)), about.version);
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort(new Error('the reader of the answer is gone'));
  });
  let input: Input | undefined;
  try {
    const credentials = credentialsOf(request, inUrl.http);
    const caller = options.access?.authenticate(credentials);
    if (!caller) authenticate(credentials, options.credentials);
    const limits = { maxBodyBytes: options.maxBodyBytes, tempDir: options.tempDir };
    const read = await readInput(request, inUrl.http.get('query'), limits);
    input = read.input;
    const parameters = splitParameters([...url.searchParams, ...read.fields]);
    refuseUnsupported(parameters.http);
    const headerFormat = request.headers['x-clickhouse-format'];
    const headerDatabase = request.headers['x-clickhouse-database'];
    const query = {
      input,
      parameters,
      database: parameters.http.get('database') || headerDatabase?.toString() || undefined,
      defaultFormat:
        parameters.http.get('default_format') || headerFormat?.toString() || 'TabSeparated',
      readonly: request.method === 'GET' || request.method === 'HEAD',
      waitForEnd: isOn(parameters.http.get('wait_end_of_query')),
      protocolVersion: protocolVersion(parameters),
      signal: gone.signal,
      onFormat(format: string) {
        response.setHeader('X-ClickHouse-Format', format);
        response.setHeader('Content-Type', contentTypeOf(format));
      },
    };
    response.setHeader('Content-Type', contentTypeOf(query.defaultFormat));
    const admitted = caller ? await options.access?.admit(query, caller) : query;
    if (admitted) await runQuery(options, admitted, sink);
    else await sink.end();
  } catch (error) {
    sink.fail(asServerError(error));
    passOver(request);
  } finally {
    if (input) await discard(input);
  }
}

async function handle(
  options: FrontOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const method = request.method ?? 'GET';
  const plain =
    plainAnswers.get(url.pathname) ??
    (url.pathname === '/' && method !== 'POST' && !url.searchParams.get('query')
      ? 'Ok.\n'
      : undefined);
  if (plain !== undefined) {
    request.resume();
    response.setHeader('Content-Type', 'text/html; charset=UTF-8');
    response.end(plain);
    return;
  }
  if (url.pathname !== '/' || !['GET', 'HEAD', 'POST'].includes(method)) {
    request.resume();
    response.statusCode = 404;
    response.end(`There is no handle ${url.pathname}\n\nUse / or /ping for health checks.\n`);
    return;
  }
  await handleQuery(options, url, request, response);
}

/** An HTTP server that speaks ClickHouse's HTTP interface for `options.engine`; not yet listening. */
export function createFront(options: FrontOptions): Server {
  const server = createServer(
    { maxHeaderSize, keepAliveTimeout: keepAliveMs },
    (request, response) => {
      // The peer may leave at any time; who serves the request sees it by the response's `close`.
      response.on('error', () => undefined);
      request.on('error', () => undefined);
      handle(options, request, response).catch(() => response.destroy());
    },
  );
  server.headersTimeout = keepAliveMs + 5_000;
  return server;
}
