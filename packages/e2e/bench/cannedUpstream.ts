import { Agent, createServer, request } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';

import { CANNED_SMALL, CANNED_STREAM, CHUNK_BYTES, dashboards, smallAnswer } from './cannedAnswers';
import { serveProgram } from './program';

const headers = {
  'Content-Type': 'application/json; charset=UTF-8',
  'X-ClickHouse-Format': 'JSON',
  'X-ClickHouse-Timezone': 'UTC',
  'X-ClickHouse-Summary': '{"read_rows":"20","read_bytes":"2000","elapsed_ns":"1000000"}',
};

function send(answer: ServerResponse, body: Buffer): void {
  answer.writeHead(200, { ...headers, 'Content-Length': body.length }).end(body);
}

function* chunks(bytes: number): Generator<Buffer> {
  const chunk = Buffer.alloc(CHUNK_BYTES, '{"Body":"a line of a log"}\n');
  for (let left = bytes; left > 0; left -= CHUNK_BYTES) {
    yield left < CHUNK_BYTES ? chunk.subarray(0, left) : chunk;
  }
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of incoming as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
}

/**
 * An upstream that takes next to no time, so that what is in front of it shows: HyperDX's API for any GET of a route of HyperDX's, and
 * ClickHouse for everything else. Statements with a canned alias are answered here; all others, `EXPLAIN AST` of those included,
 * by the engine.
 */
serveProgram((engine) => {
  const agent = new Agent({ keepAlive: true });

  function ask(incoming: IncomingMessage, body: Buffer, answer: ServerResponse): void {
    const { method, url } = incoming;
    // Its length is known by now.
    const { 'transfer-encoding': _, ...kept } = incoming.headers;
    const outgoing = request(
      {
        agent,
        host: '127.0.0.1',
        port: engine,
        method,
        path: url,
        headers: { ...kept, 'content-length': body.length },
      },
      (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        pipeline(response, answer, () => undefined);
      },
    );
    outgoing.on('error', () => answer.destroy());
    answer.once('close', () => outgoing.destroy());
    outgoing.end(body);
  }

  async function serve(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const target = incoming.url ?? '/';
    if (incoming.method === 'GET' && target.startsWith('/dashboards')) {
      send(answer, dashboards);
      return;
    }
    const body = await bodyOf(incoming);
    const text = body.length > 0 ? body.toString() : decodeURIComponent(target);
    const explained = /\bEXPLAIN\b/i.test(text);
    if (!explained && text.includes(CANNED_SMALL)) {
      send(answer, smallAnswer);
      return;
    }
    const bytes = Number(new RegExp(`${CANNED_STREAM}(\\d+)`).exec(text)?.[1] ?? 0);
    if (!explained && bytes > 0) {
      answer.writeHead(200, headers);
      pipeline(Readable.from(chunks(bytes), { objectMode: false }), answer, () => undefined);
      return;
    }
    ask(incoming, body, answer);
  }

  return createServer((incoming, answer) => {
    serve(incoming, answer).catch(() => answer.destroy());
  });
});
