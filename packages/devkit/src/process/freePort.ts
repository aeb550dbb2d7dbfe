import { createServer } from 'node:net';

/** Ports handed out by this process: the kernel may offer one again before its taker has bound it. */
const given = new Set<number>();

function unboundPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close((error) => {
        if (error) reject(error);
        else if (address === null || typeof address === 'string') reject(new Error('no port'));
        else resolve(address.port);
      });
    });
  });
}

/**
 * A TCP port on 127.0.0.1 that nothing listens on now, never the same twice in one process.
 * Another process may still take it first: whoever binds it must be ready for EADDRINUSE.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = await unboundPort();
    if (given.has(port)) continue;
    given.add(port);
    return port;
  }
  throw new Error('no free port on 127.0.0.1 after 100 attempts');
}
