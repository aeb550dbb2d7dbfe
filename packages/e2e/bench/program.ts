import type { Server as HttpServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';

import { spawnManaged, waitFor } from '@hyperdx-tenancy/devkit/process';

/** A server of the bench's own, as a process: what it uses of the machine can be told from the rest. */
export interface Program {
  port: number;
  pid: number;
  stop(): Promise<void>;
}

const BEHIND = 'BENCH_BEHIND_PORT';
const START_TIMEOUT_MS = 10_000;

const portOf = (message: unknown): number | undefined =>
  typeof message === 'object' && message !== null && 'port' in message
    ? Number(message.port)
    : undefined;

/**
 * Starts a built file of this folder that calls {@link serveProgram}. It ends with this process.
 * @param behind the port of the server behind it.
 * @param env more variables.
 */
export async function startProgram(
  file: string,
  behind: number,
  env: Readonly<Record<string, string>> = {},
): Promise<Program> {
  let port: number | undefined;
  const child = await spawnManaged({
    name: file,
    command: process.execPath,
    args: [join(__dirname, `${file}.js`)],
    env: { PATH: process.env['PATH'], [BEHIND]: String(behind), ...env },
    onMessage: (message) => {
      port = portOf(message);
    },
  });
  try {
    return {
      port: await waitFor(() => port, {
        what: `${file} to listen`,
        timeoutMs: START_TIMEOUT_MS,
        process: child,
      }),
      pid: child.pid,
      async stop() {
        await child.stop();
      },
    };
  } catch (error) {
    await child.kill();
    throw error;
  }
}

/** Longer than any pause of a bench. */
export const KEEP_ALIVE_MS = 120_000;

/** The other side of {@link startProgram}: listens on a port of its own and says which. */
export function serveProgram(make: (behind: number) => HttpServer | Server): void {
  const server = make(Number(process.env[BEHIND]));
  if ('keepAliveTimeout' in server) server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    process.send?.({ port });
  });
}
