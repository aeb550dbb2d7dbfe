import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/** Longer than HyperDX keeps idle connections (61 s): whoever reuses one also closes it. */
const KEEP_ALIVE_MS = 75_000;
/** HyperDX's limit, the request line included. */
const MAX_HEADER_BYTES = 131_072;
const BODY_TIMEOUT_MS = 60_000;

/** What ClickHouse answers without a query: the paths by which others see whether it is up. */
const PLAIN: ReadonlySet<string> = new Set(['/ping', '/replicas_status']);
/** Where it takes queries. */
const QUERY_PATHS: ReadonlySet<string> = new Set(['/', '/query']);
const METHODS: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'POST']);

function ok(res: ServerResponse): void {
  res.setHeader('content-type', 'text/html; charset=UTF-8');
  res.end('Ok.\n');
}

/** Answers what needs no query; @returns whether it did. */
function answerPlain(req: IncomingMessage, res: ServerResponse): boolean {
  const [path = '', query = ''] = (req.url ?? '').split('?', 2);
  const isRead = req.method === 'GET' || req.method === 'HEAD';
  if (isRead && (PLAIN.has(path) || (path === '/' && query === ''))) {
    ok(res);
    return true;
  }
  if (QUERY_PATHS.has(path) && METHODS.has(req.method)) return false;
  res.statusCode = 404;
  res.setHeader('content-type', 'text/plain; charset=UTF-8');
  // The path is not repeated.
  res.end('There is no such handle.\n\nUse / or /ping for health checks.\n');
  return true;
}

/**
 * The query door's own port: ClickHouse's HTTP interface. Not listening yet.
 * @param serve answers a query; it never rejects.
 */
export function createDoorServer(
  serve: (req: IncomingMessage, res: ServerResponse) => Promise<void>,
): Server {
  return createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      keepAliveTimeout: KEEP_ALIVE_MS,
      requestTimeout: BODY_TIMEOUT_MS,
    },
    (req, res) => {
      // Either side may leave at any time; who serves the request sees it by the answer's `close`.
      req.on('error', () => undefined);
      res.on('error', () => undefined);
      if (answerPlain(req, res)) req.resume();
      else void serve(req, res);
    },
  );
}
