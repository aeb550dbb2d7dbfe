import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { pipeline, Transform } from 'node:stream';

/** A TCP server in front of another that can take its time. */
export interface SlowProxy {
  port: number;
  /** Milliseconds that every byte is held back, in each direction. 0 at first. */
  delayMs: number;
  /** Connections that were made through it so far. */
  readonly connections: number;
  close(): Promise<void>;
}

/** Hands everything on, that much later; what belongs together stays in its order. */
function late(proxy: Pick<SlowProxy, 'delayMs'>): Transform {
  return new Transform({
    transform(chunk, _encoding, done) {
      setTimeout(() => done(null, chunk), proxy.delayMs);
    },
  });
}

/** Listens on 127.0.0.1 and hands every byte to and from another server on: one that is reached, and can be slow. */
export async function startSlowProxy(to: { port: number }): Promise<SlowProxy> {
  const sockets = new Set<Socket>();
  const proxy = { port: 0, delayMs: 0, connections: 0, close };
  const server = createServer((client) => {
    proxy.connections += 1;
    const upstream = connect({ port: to.port, host: '127.0.0.1' });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    }
    // An end that is cut off cuts off the other: that is all there is to do about it.
    const ended = (): void => {
      client.destroy();
      upstream.destroy();
    };
    pipeline(client, late(proxy), upstream, ended);
    pipeline(upstream, late(proxy), client, ended);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  proxy.port = (server.address() as AddressInfo).port;
  return proxy;

  async function close(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  }
}
