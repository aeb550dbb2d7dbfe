import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bytesAt, decode, field, message, numberAt } from './wire';

/** One AgentToServer message, as far as the tests look at it. */
export interface Heard {
  path: string;
  headers: IncomingHttpHeaders;
  sequence: bigint;
  capabilities: bigint;
  /** Field numbers that were present. */
  fields: number[];
  healthy: boolean | undefined;
  status: { value: string | undefined; hash: string; error: string } | undefined;
}

export interface FakeOpampServer {
  readonly url: string;
  readonly heard: Heard[];
  /** Offered to the agent with its next message, once. */
  offer(config: string, hash: string): void;
  close(): Promise<void>;
}

const statuses = ['UNSET', 'APPLIED', 'APPLYING', 'FAILED'];

function hear(body: Buffer, path: string, headers: IncomingHttpHeaders): Heard {
  const health = bytesAt(body, 5);
  const status = bytesAt(body, 7);
  return {
    path,
    headers,
    sequence: numberAt(body, 2),
    capabilities: numberAt(body, 4),
    fields: decode(body).map(({ no }) => no),
    healthy: health && numberAt(health, 1) === 1n,
    status: status && {
      value: statuses[Number(numberAt(status, 2))],
      hash: bytesAt(status, 1)?.toString() ?? '',
      error: bytesAt(status, 3)?.toString() ?? '',
    },
  };
}

function remoteConfig(config: string, hash: string): Buffer {
  const file = message(field(1, config), field(2, 'text/yaml'));
  const map = message(field(1, message(field(1, ''), field(2, file))));
  return field(3, message(field(1, map), field(2, hash)));
}

/**
 * An OpAMP server over HTTP that answers every message, asks agents to poll each second (ServerToAgent.connection_settings 4, opamp
 * 2, heartbeat_interval_seconds 4), and writes down what it hears.
 */
export async function fakeOpampServer(): Promise<FakeOpampServer> {
  const heard: Heard[] = [];
  let pending: { config: string; hash: string } | undefined;
  const everySecond = field(4, message(field(2, message(field(4, 1)))));

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      heard.push(hear(body, request.url ?? '', request.headers));
      const answer = [field(1, bytesAt(body, 1) ?? Buffer.alloc(16)), everySecond];
      if (pending) answer.push(remoteConfig(pending.config, pending.hash));
      pending = undefined;
      response.setHeader('Content-Type', 'application/x-protobuf');
      response.end(message(...answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    heard,
    offer(config, hash) {
      pending = { config, hash };
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
