import { once } from 'node:events';
import { connect } from 'node:net';

import { createContext } from '../../controllers/context';
import type { Context } from '../../controllers/context';
import { useServer } from '../../fixtures';
import { createLogger } from '../../utils/logger';
import { makeAsker, openDoor } from './openDoor';
import type { Asker, OpenDoor } from './openDoor';

const { server } = useServer();
let context: Context;
let door: OpenDoor;
let a: Asker;
let b: Asker;

beforeAll(async () => {
  context = createContext(server.config, createLogger(process.env['TEST_LOG_LEVEL'] ?? 'silent'));
  door = await openDoor({ context });
  a = await makeAsker(server, context, 'A');
  b = await makeAsker(server, context, 'B');
}, 120_000);

afterAll(async () => {
  await door.close();
  await context.targets.close();
}, 60_000);

/** A request as bytes; `more` is lines of its head. */
function bytes(
  { username, password }: { username: string; password: string },
  sql: string,
  more: readonly string[] = [`Content-Length: ${Buffer.byteLength(sql)}`],
): string {
  const head = [
    'POST / HTTP/1.1',
    'Host: x',
    `X-ClickHouse-User: ${username}`,
    `X-ClickHouse-Key: ${password}`,
    ...more,
  ];
  return `${head.join('\r\n')}\r\n\r\n${sql}`;
}

/** Answered with 200 as well, and the end of the connection. */
const last = 'GET /ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

/** All that the door says on one connection to these bytes. */
async function send(text: string): Promise<string> {
  const { hostname, port } = new URL(door.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  let said = '';
  socket.on('data', (chunk: Buffer) => (said += chunk.toString('latin1')));
  socket.write(text + last);
  await once(socket, 'close');
  return said;
}

const statuses = (said: string): string[] =>
  [...said.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status ?? '');

describe('one connection', () => {
  it('may carry requests of several teams: each is who it says it is', async () => {
    const said = await send(
      bytes(a, 'SELECT currentUser()') +
        bytes(b, 'SELECT currentUser()') +
        bytes({ ...b, password: a.password }, 'SELECT currentUser()') +
        bytes(a, `SELECT * FROM default.otel_logs_${b.id}`),
    );
    expect(statuses(said)).toEqual(['200', '200', '403', '403', '200']);
    expect([...said.matchAll(/hdx_r_(\w+)/g)].map(([, id]) => id)).toEqual([a.id, b.id]);
  });

  it('takes no body for a request, whatever became of the request that it belongs to', async () => {
    const inside = bytes(b, 'SELECT currentUser()');
    const stranger = { username: a.username, password: 'x' };
    for (const { from, status } of [
      { from: stranger, status: '403' },
      { from: a, status: '400' },
    ]) {
      const said = await send(
        bytes(from, inside, [
          `Content-Length: ${Buffer.byteLength(inside)}`,
          ...(from === a ? ['Content-Encoding: gzip'] : []),
        ]) + bytes(a, 'SELECT 7'),
      );
      expect(statuses(said)).toEqual([status, '200', '200']);
      expect(said).not.toContain(b.id);
    }
  });

  it.each([
    ['two lengths', ['Content-Length: 8', 'Content-Length: 9']],
    ['a length and chunks', ['Content-Length: 8', 'Transfer-Encoding: chunked']],
    ['chunks that are none', ['Transfer-Encoding: chunked, identity']],
    ['a folded line', ['Content-Length:', ' 8']],
    ['a bare line end', ['X-A: b\nContent-Length: 8']],
  ])('with %s is closed', async (_what, lines) => {
    const said = await send(bytes(a, 'SELECT 7', lines) + bytes(b, 'SELECT currentUser()'));
    expect(statuses(said)).toEqual(['400']);
  });
});

it('answers that their readers left are nobody else’s', async () => {
  const mine = (asker: Asker): string =>
    `SELECT repeat('${asker.id} ', 100) FROM numbers(20000) SETTINGS max_result_rows = 20000`;
  const { hostname, port } = new URL(door.url);
  const leave = async (round: number): Promise<void> => {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    socket.write(bytes(a, mine(a)));
    // In each of its phases: before it is judged, while it is asked, while the answer comes.
    await new Promise((resolve) => setTimeout(resolve, round * 3));
    socket.destroy();
  };
  const read = async (): Promise<void> => {
    const { status, text } = await door.ask(b, mine(b));
    expect(status).toBe(200);
    expect(text.split('\n')).toHaveLength(20_001);
    expect(text).not.toContain(a.id);
  };
  for (let round = 0; round < 15; round += 1) {
    await Promise.all([leave(round), leave(2 * round), read()]);
  }
}, 120_000);
