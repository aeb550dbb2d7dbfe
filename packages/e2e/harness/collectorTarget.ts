import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

import { freePort } from '@hyperdx-tenancy/devkit/process';

/**
 * What a ClickHouse is like to those who write to it: it answers; nothing listens; or it takes every connection and never reads
 * nor answers, as a process that is stopped or whose disk hangs.
 */
export type Behaviour = 'serves' | 'refuses' | 'hangs';

/** An address in front of a ClickHouse that can be well and ill in turn. */
export interface FickleTarget {
  readonly port: number;
  readonly behaviour: Behaviour;
  /** Changes how it behaves from now on, on connections that are open too. */
  behave(behaviour: Behaviour): Promise<void>;
  close(): Promise<void>;
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Listens on 127.0.0.1 in front of the server on port `to`. */
export async function startFickleTarget(to: { port: number }): Promise<FickleTarget> {
  const port = await freePort();
  const sockets = new Set<Socket>();
  /** Who is served, and the connection to the server that is his. */
  const served = new Map<Socket, Socket>();
  let behaviour: Behaviour = 'serves';
  let server: Server | undefined;

  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // The peer may leave at any time.
    socket.on('error', () => undefined);
  };
  const accept = (client: Socket): void => {
    keep(client);
    // A socket that nobody reads from fills up and holds its sender up.
    if (behaviour !== 'serves') return;
    const upstream = connect({ port: to.port, host: '127.0.0.1' });
    keep(upstream);
    served.set(client, upstream);
    client.on('close', () => {
      served.delete(client);
      upstream.destroy();
    });
    upstream.on('close', () => {
      if (served.has(client)) client.destroy();
    });
    client.pipe(upstream);
    upstream.pipe(client);
  };
  /** Falls silent on every connection that is served. */
  const hush = (): void => {
    for (const [client, upstream] of served) {
      served.delete(client);
      upstream.unpipe(client);
      client.unpipe(upstream);
      client.pause();
      upstream.destroy();
    }
  };
  const shut = async (): Promise<void> => {
    const closed = server && new Promise((resolve) => server?.close(resolve));
    server = undefined;
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const open = async (): Promise<void> => {
    if (server) return;
    server = createServer(accept);
    await listen(server, port);
  };

  await open();
  return {
    port,
    get behaviour() {
      return behaviour;
    },
    async behave(next) {
      if (next === behaviour) return;
      behaviour = next;
      if (next === 'refuses') return shut();
      if (next === 'hangs') hush();
      // Those who were kept waiting are cut off; they find what there is now when they come back.
      else for (const socket of sockets) socket.destroy();
      await open();
    },
    close: shut,
  };
}
