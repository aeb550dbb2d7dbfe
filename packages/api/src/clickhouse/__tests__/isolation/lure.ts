import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A listener that counts who comes, and sends everybody away. */
export interface Lure {
  port: number;
  connections(): number;
  close(): void;
}

/** Opens a {@link Lure} on 127.0.0.1. */
export async function openLure(): Promise<Lure> {
  let count = 0;
  const server = createServer((socket) => {
    count += 1;
    socket.on('error', () => undefined);
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => count,
    close: () => server.close(),
  };
}
