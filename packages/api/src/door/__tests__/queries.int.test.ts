import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';

import { waitFor } from '@hyperdx-tenancy/devkit/process';

import type { DoorTenant } from '../../controllers/doorTenants';
import { Metrics } from '../../metrics';
import { toTenancyError } from '../../middleware/errors';
import { ClickHouseSaid } from '../clickhouseSaid';
import { sendError, sendSaid } from '../answers';
import { multipartFields } from '../multipart';
import { sortParameters } from '../parameters';
import { Queries } from '../queries';
import { urlParameters } from '../urlParameters';
import { listen, startCanned, stop, tenantAt } from './cannedServer';
import type { CannedServer } from './cannedServer';

let canned: CannedServer;
let queries: Queries;
let front: Server;
let url: string;
let tenant: DoorTenant;
let results: string[];

beforeEach(async () => {
  canned = await startCanned();
  tenant = tenantAt(canned.url);
  results = [];
  queries = new Queries({
    metrics: new Metrics(),
    // What is judged is tested elsewhere: here everything runs as it came.
    guard: {
      judge: ({ text }) =>
        Promise.resolve({
          allowed: true,
          kind: 'select',
          text,
          settings: [['max_rows_to_read', '7']],
        }),
    },
  });
  front = createServer((req, res) => {
    queries
      .serve({ req, res, tenant, parameters: sortParameters(urlParameters(req.url ?? '')) })
      .then((result) => results.push(result))
      .catch((error: unknown) => {
        if (error instanceof ClickHouseSaid) sendSaid(res, error);
        else sendError(res, 'door', toTenancyError(error));
        results.push('failed');
      });
  });
  url = await listen(front);
});

afterEach(async () => {
  await stop(front);
  await canned.stop();
  await queries.close();
});

const ask = (query = '', init: RequestInit = {}): Promise<Response> =>
  fetch(`${url}/?${query}`, { method: 'POST', body: 'SELECT 1', ...init });

/** An answer as `http` sees it: the body while it comes. */
async function open(body = 'SELECT 1'): Promise<IncomingMessage> {
  const req = request(url, { method: 'POST' });
  req.end(body);
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  res.on('error', () => undefined);
  return res;
}

describe('what ClickHouse is asked', () => {
  const last = (): URLSearchParams => canned.got.at(-1)!.url.searchParams;

  it('is all ours where it has no users, with the limits of the tenant', async () => {
    tenant = tenantAt(canned.url, false, { maxResultRows: 5 });
    await ask(
      'readonly=0&database=default&quota_key=x&query_id=mine&param_a=%0A&wait_end_of_query=1',
    );
    expect(Object.fromEntries(last())).toMatchObject({
      database: 'hdx_nothing',
      query_id: `${tenant.id}:mine`,
      readonly: '2',
      max_result_rows: '5',
      max_execution_time: '60',
      cancel_http_readonly_queries_on_client_close: '1',
      use_query_cache: '0',
      allow_ddl: '0',
      max_rows_to_read: '7',
      param_a: '\n',
      wait_end_of_query: '1',
    });
    expect(last().get('additional_table_filters')).toContain(tenant.id);
    // All tenants are one user there.
    expect([...last().keys()].filter((name) => name.endsWith('_for_user'))).toEqual([]);
    expect(last().has('quota_key')).toBe(false);
    expect(canned.got.at(-1)!.headers).toMatchObject({
      'x-clickhouse-user': 'reader',
      'x-clickhouse-key': 'own',
    });
  });

  it('leaves limits to the profile of the reader where it has users', async () => {
    tenant = tenantAt(canned.url, true);
    await ask('readonly=2&max_execution_time=15&query_id=mine');
    expect(Object.fromEntries(last())).toEqual({
      database: 'hdx_nothing',
      query_id: `${tenant.id}:mine`,
      max_execution_time: '15',
      max_rows_to_read: '7',
    });
  });

  it('never holds a header of the caller’s', async () => {
    await ask('', {
      headers: {
        'x-clickhouse-quota': 'x',
        'x-clickhouse-user': 'admin',
        'x-forwarded-for': '1.2.3.4',
        cookie: 'connect.sid=x',
        'accept-encoding': 'zstd, br;q=0, GZIP;q=0.5',
      },
    });
    const { headers } = canned.got[0]!;
    expect(Object.keys(headers).sort()).toEqual([
      'accept-encoding',
      'connection',
      'content-length',
      'content-type',
      'host',
      'user-agent',
      'x-clickhouse-key',
      'x-clickhouse-user',
    ]);
    expect(headers['accept-encoding']).toBe('gzip');
  });

  it('travels in a form once its values are many', async () => {
    const value = `${'x'.repeat(4_100)}\r\nü\\n--`;
    const answer = await ask(`param_a=${encodeURIComponent(value)}`);
    expect(answer.status).toBe(200);
    const { headers, body } = canned.got[0]!;
    expect(multipartFields(body, headers['content-type']!)).toEqual([
      ['query', 'SELECT 1'],
      ['param_a', value],
    ]);
    expect(last().has('param_a')).toBe(false);
  });

  it.each([
    ['a database of others', 'database=system', 403],
    ['a setting off the list', 'max_threads=1', 403],
    ['filters', 'additional_table_filters=%7B%7D', 403],
    ['a limit above the tenant’s', 'max_execution_time=61', 403],
    ['no limit', 'max_result_rows=0', 403],
    ['a name with a quote', 'param_a%27=1', 403],
  ])('is nothing where the request has %s', async (_what, query, status) => {
    const answer = await ask(query);
    expect([answer.status, canned.got.length]).toEqual([status, 0]);
    expect(await answer.text()).toMatch(/^Code: 497\. DB::Exception: .*\(ACCESS_DENIED\)\n$/);
  });

  it.each([
    ['nothing', { body: ' ' }, 400],
    ['bytes that are no text', { body: Buffer.from([0x53, 0xff]) }, 400],
    ['a statement that is too long', { body: 'x'.repeat(1_048_577) }, 413],
    [
      'a bomb',
      { body: gzipSync(Buffer.alloc(50_000_000, ' ')), headers: { 'content-encoding': 'gzip' } },
      413,
    ],
    ['no gzip', { body: 'x', headers: { 'content-encoding': 'gzip' } }, 400],
    ['an unknown encoding', { body: 'x', headers: { 'content-encoding': 'zstd' } }, 415],
  ])('is nothing where the body is %s', async (_what, init, status) => {
    const answer = await ask('', init);
    expect([answer.status, canned.got.length]).toEqual([status, 0]);
  });

  it('is the URL’s part, a line end and the body, packed or not, of any type', async () => {
    const headers = {
      'content-encoding': 'gzip',
      'content-type': 'application/x-www-form-urlencoded',
    };
    await ask('query=SELECT', { body: gzipSync('1 + {a:Int8}&b=1'), headers });
    expect(canned.got[0]!.body.toString()).toBe('SELECT\n1 + {a:Int8}&b=1');
  });
});

describe('an answer', () => {
  it('comes with what ClickHouse says of it, and nothing of the connection', async () => {
    tenant = tenantAt(canned.url, true);
    canned.answer = (_got, res) => {
      res.writeHead(200, {
        'content-type': 'application/json',
        'x-clickhouse-summary': '{}',
        'x-clickhouse-query-id': 'theirs',
        'x-clickhouse-server-display-name': 'machine',
        'access-control-allow-origin': '*',
        'set-cookie': 'a=b',
        server: 'x',
      });
      res.end(Buffer.from([0, 255, 10]));
    };
    const answer = await ask('query_id=mine');
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/json',
      'x-clickhouse-summary': '{}',
      'x-clickhouse-query-id': 'mine',
    });
    for (const name of [
      'access-control-allow-origin',
      'set-cookie',
      'server',
      'x-clickhouse-server-display-name',
    ]) {
      expect([name, answer.headers.get(name)]).toEqual([name, null]);
    }
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(Buffer.from([0, 255, 10]));
  });

  it('tells nothing of rows that were read where all tenants are one user', async () => {
    canned.answer = (_got, res) => {
      res.writeHead(200, {
        'x-clickhouse-summary': '{"read_rows":"7"}',
        'x-clickhouse-format': 'TSV',
      });
      res.end();
    };
    const { headers } = await ask();
    expect([headers.get('x-clickhouse-summary'), headers.get('x-clickhouse-format')]).toEqual([
      null,
      'TSV',
    ]);
  });

  it('that is packed passes as it is', async () => {
    const packed = gzipSync('rows');
    canned.answer = (_got, res) => res.writeHead(200, { 'content-encoding': 'gzip' }).end(packed);
    const answer = await ask('enable_http_compression=1', {
      headers: { 'accept-encoding': 'gzip' },
    });
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(await answer.text()).toBe('rows');
    expect(canned.got[0]!.url.searchParams.get('enable_http_compression')).toBe('1');
  });

  it('comes no faster than it is read', async () => {
    const chunk = Buffer.alloc(65_536);
    let sent = 0;
    canned.answer = (_got, res) => {
      const more = (): void => {
        while (sent < 1_000_000_000 && !res.destroyed) {
          sent += chunk.length;
          if (!res.write(chunk)) return void res.once('drain', more);
        }
      };
      more();
    };
    const res = await open();
    res.pause();
    // Nothing moves any more, once all buffers between the two are full.
    let before = -1;
    await waitFor(
      () => {
        const isStill = sent > 0 && sent === before;
        before = sent;
        return isStill;
      },
      { what: 'the upstream to be held up', timeoutMs: 10_000, intervalMs: 200 },
    );
    expect(sent).toBeLessThan(64 * 1_048_576);
    const held = sent;
    res.resume();
    await waitFor(() => sent > held + 50_000_000, {
      what: 'it to go on',
      timeoutMs: 10_000,
    });
    res.destroy();
    await waitFor(() => results[0], { what: 'the end of the query', timeoutMs: 5_000 });
    expect(results).toEqual(['left']);
  });

  it('that nobody waits for is ended at ClickHouse: while it comes, and before it does', async () => {
    const closed: string[] = [];
    canned.answer = (got, res) => {
      res.once('close', () => closed.push(got.body.toString()));
      if (got.body.toString() === 'streams') res.write('x');
    };
    (await open('streams')).destroy();
    const req = request(url, { method: 'POST' });
    req.on('error', () => undefined);
    req.end('computes');
    await waitFor(() => canned.got.length > 1, { what: 'the second query', timeoutMs: 5_000 });
    req.destroy();
    await waitFor(() => closed.length > 1, { what: 'both to be ended', timeoutMs: 5_000 });
    expect(closed).toEqual(['streams', 'computes']);
    expect(results).toEqual(['left', 'left']);
  });

  it('that breaks off is broken off, with all that came before', async () => {
    canned.answer = (_got, res) => {
      res.write('1\n2\n__exception__ Code: 395');
      setImmediate(() => res.socket?.destroySoon());
    };
    const res = await open();
    let text = '';
    res.on('data', (chunk: Buffer) => (text += String(chunk)));
    await new Promise<void>((resolve) => res.once('close', resolve));
    expect([text, res.complete]).toEqual(['1\n2\n__exception__ Code: 395', false]);
    expect(results).toEqual(['cut']);
  });
});

describe('what ClickHouse has against a query', () => {
  const text =
    'Code: 60. DB::Exception: Table default.a does not exist. Maybe you meant default.b. (UNKNOWN_TABLE)\n';

  it.each([
    ['plain', undefined],
    ['packed', 'gzip'],
  ])('passes with its status and code, without names of others (%s)', async (_how, encoding) => {
    canned.answer = (_got, res) => {
      res.writeHead(404, {
        'x-clickhouse-exception-code': '60',
        'content-type': 'text/plain',
        ...(encoding ? { 'content-encoding': encoding } : {}),
      });
      res.end(encoding ? gzipSync(text) : text);
    };
    const answer = await ask();
    expect([answer.status, answer.headers.get('x-clickhouse-exception-code')]).toEqual([404, '60']);
    expect(await answer.text()).toBe(
      'Code: 60. DB::Exception: Table default.a does not exist. (UNKNOWN_TABLE)\n',
    );
    expect(results).toEqual(['clickhouse_error']);
  });

  it('is not told where it is about our own login', async () => {
    canned.answer = (_got, res) =>
      res
        .writeHead(403, { 'x-clickhouse-exception-code': '516' })
        .end('admin: Authentication failed');
    const answer = await ask();
    expect(answer.status).toBe(502);
    expect(await answer.text()).not.toContain('admin');
  });
});

describe('a ClickHouse that is not there', () => {
  it('is told as that, with a time to come back', async () => {
    tenant = tenantAt('http://127.0.0.1:1');
    const answer = await ask();
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await answer.text()).toBe(
      'Code: 210. DB::Exception: ClickHouse cannot be reached. (NETWORK_ERROR)\n',
    );
  });

  it('is asked again where it had closed an idle connection', async () => {
    let dropped = 0;
    canned.answer = (got, res) => {
      if (got.body.toString() === 'second' && dropped === 0) {
        dropped += 1;
        res.socket?.destroy();
      } else res.end('ok');
    };
    expect(await (await ask('', { body: 'first' })).text()).toBe('ok');
    expect(await (await ask('', { body: 'second' })).text()).toBe('ok');
    expect(dropped).toBe(1);
  });

  it('is not asked a third time', async () => {
    canned.answer = (_got, res) => res.socket?.destroy();
    expect((await ask()).status).toBe(503);
    expect(canned.got).toHaveLength(2);
  });
});

it('queries past the tenant’s limit are sent away until one has ended', async () => {
  tenant = tenantAt(canned.url, false, { maxConcurrentQueries: 1 });
  let end: (() => void) | undefined;
  canned.answer = (_got, res: ServerResponse) => {
    if (end) res.end('ok');
    else end = () => res.end('first');
  };
  const first = ask();
  await waitFor(() => end, { what: 'the first query', timeoutMs: 5_000 });
  const second = await ask();
  expect([second.status, second.headers.get('retry-after')]).toEqual([429, '1']);
  end?.();
  expect(await (await first).text()).toBe('first');
  expect((await ask()).status).toBe(200);
});

it('a body that is cut off is no query', async () => {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nSELECT 1');
  socket.end();
  await waitFor(() => results[0], { what: 'the end of it', timeoutMs: 5_000 });
  expect([results, canned.got]).toEqual([['failed'], []]);
});
