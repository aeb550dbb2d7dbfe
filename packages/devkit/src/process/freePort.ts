import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below the range that systems take the ports of outgoing connections from (Linux: 32768 to 60999, IANA: from 49152): a
 * port from there can be taken by any client between its probing and its use, and a server that must have it never starts.
 */
const lowest = 15_000;
const highest = 32_767;

/** Ports handed out by this process: a taker may not have bound its port yet. */
const given = new Set<number>();

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

/**
 * A TCP port on 127.0.0.1 that nothing listens on now, never the same twice in one process, and chosen at random so that
 * processes beside each other do not choose the same.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(lowest, highest + 1);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error('no free port on 127.0.0.1 after 100 attempts');
}
