import { createServer } from 'node:http';

import { BARE_BYTES } from './opampBaselines';
import { serveProgram } from './program';

/**
 * The least that a server of polls can do, by `node:http` alone: it reads a message to its end, looks at nothing, and answers bytes
 * of a set length.
 */
serveProgram(() => {
  const answer = Buffer.alloc(Number(process.env[BARE_BYTES]), 1);
  const headers = {
    'Content-Type': 'application/x-protobuf',
    'Content-Length': answer.length,
  };
  return createServer((incoming, response) => {
    incoming.on('data', () => undefined);
    incoming.on('end', () => response.writeHead(200, headers).end(answer));
  });
});
