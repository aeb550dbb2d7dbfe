import { createServer } from 'node:http';

import { WebSocketServer } from 'ws';

import { serveProgram } from './program';

/** The least that a server of WebSockets can do: it keeps them open, and what they say it lets go. */
serveProgram(() => {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const server = createServer((_, answer) => answer.writeHead(404).end());
  server.on('upgrade', (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (link) => {
      link.on('message', () => undefined);
      link.on('error', () => undefined);
    });
  });
  return server;
});
