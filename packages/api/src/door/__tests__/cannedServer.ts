import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import { platformSettings } from '@hyperdx-tenancy/domain/plans';
import type { ReaderLimits } from '@hyperdx-tenancy/domain/access';

import type { Target } from '../../clickhouse/target';
import type { DoorTenant } from '../../controllers/doorTenants';

/** A request as the upstream got it. */
export interface Got {
  url: URL;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

/** An HTTP server in ClickHouse's place, which does what a test tells it: what no real one does when asked. */
export interface CannedServer {
  url: string;
  got: Got[];
  answer: (got: Got, res: ServerResponse) => void;
  server: Server;
  stop(): Promise<void>;
}

export async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function stop(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

export async function startCanned(): Promise<CannedServer> {
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const got = {
        url: new URL(req.url ?? '', 'http://x'),
        headers: req.headers,
        body: Buffer.concat(chunks),
      };
      canned.got.push(got);
      canned.answer(got, res);
    });
  });
  const canned: CannedServer = {
    url: await listen(server),
    got: [],
    answer: (_got, res) => res.end('ok'),
    server,
    stop: () => stop(server),
  };
  return canned;
}

/** A tenant whose target is at `host`. */
export function tenantAt(
  host: string,
  hasUsers = false,
  reader: Partial<ReaderLimits> = {},
): DoorTenant {
  const target = {
    name: 'canned',
    hasUsers,
    config: { host, username: 'admin', password: 'secret', database: 'default' },
    prepare: () => Promise.resolve(),
  };
  return {
    id: parseTenantId('65f0c0ffee0000000000aaaa'),
    teamId: '65f0c0ffee0000000000aaab',
    status: 'active',
    target: target as unknown as Target,
    login: { username: 'reader', password: 'own' },
    settings: { ...platformSettings, reader: { ...platformSettings.reader, ...reader } },
    revision: '1',
    opensWith: () => true,
  };
}
