import { Agent, createServer, request } from 'node:http';
import { pipeline } from 'node:stream';

import { serveProgram } from './program';

/**
 * The least that a streaming proxy can do, by `node:http` alone: kept connections, both bodies streamed, nothing looked at.
 * What a server in front of another costs beyond this is that server's own.
 */
serveProgram((port) => {
  const agent = new Agent({ keepAlive: true });
  return createServer((incoming, answer) => {
    const { method, url, headers } = incoming;
    const outgoing = request(
      { agent, host: '127.0.0.1', port, method, path: url, headers },
      (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        pipeline(response, answer, () => undefined);
      },
    );
    outgoing.on('error', () => answer.destroy());
    pipeline(incoming, outgoing, () => undefined);
  });
});
