import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

import { serializeError } from '../../utils/errorLog';
import { getClickhouseClient } from '../client';
import { execute, observeStatements, select } from '../run';

/** A server that takes connections and does this with each. */
async function listener(
  onConnection: (socket: Socket) => void,
): Promise<{ host: string; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const access = { username: 'u', password: 'p', database: 'd' };

it('tries a dropped connection a few times, then says that ClickHouse is away', async () => {
  let connections = 0;
  const server = await listener((socket) => {
    connections += 1;
    socket.once('data', () => socket.destroy());
  });
  const client = getClickhouseClient({ ...access, host: server.host });
  await expect(execute(client, 'SELECT 1')).rejects.toMatchObject({
    code: 'clickhouse_unavailable',
  });
  expect(connections).toBe(3);
  await client.close();
  server.close();
});

it('gives up on a server that never answers, once', async () => {
  let connections = 0;
  const server = await listener(() => (connections += 1));
  const client = getClickhouseClient({ ...access, host: server.host });
  await expect(select(client, 'SELECT 1')).rejects.toMatchObject({
    code: 'clickhouse_unavailable',
    message: 'ClickHouse does not answer.',
  });
  expect(connections).toBe(1);
  await client.close();
  server.close();
}, 40_000);

it('does not take a fault of our own for an outage', async () => {
  const server = await listener((socket) =>
    socket.once('data', () =>
      socket.end(
        'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 8\r\n\r\nno JSON\n',
      ),
    ),
  );
  const client = getClickhouseClient({ ...access, host: server.host });
  await expect(select(client, 'SELECT 1')).rejects.not.toMatchObject({
    code: 'clickhouse_unavailable',
  });
  await client.close();
  server.close();
});

it("does not hand on what a proxy answers, which may quote the statement, and tells the client's observer", async () => {
  const html = '<h1>502</h1> CREATE USER u IDENTIFIED BY hunter2';
  const server = await listener((socket) =>
    socket.once('data', () =>
      socket.end(`HTTP/1.1 502 Bad Gateway\r\ncontent-length: ${html.length}\r\n\r\n${html}`),
    ),
  );
  const client = getClickhouseClient({ ...access, host: server.host });
  const seen: unknown[] = [];
  observeStatements(client, (statement) => seen.push(statement));
  const refusal = await execute(client, 'CREATE USER u IDENTIFIED BY hunter2').then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(refusal).toMatchObject({ code: 'clickhouse_rejected' });
  expect(JSON.stringify(serializeError(refusal))).not.toContain('hunter2');
  expect(seen).toEqual([{ kind: 'access', result: 'rejected' }]);
  await client.close();
  server.close();
});
