import { authenticate, credentialsOf } from '../credentials';
import { asServerError, errorBody, statusOf } from '../errors';
import { contentTypeOf } from '../formats';
import { multipartFields } from '../multipart';
import { Semaphore } from '../semaphore';
import { setStatements, splitParameters } from '../settings';

describe('errors', () => {
  it.each([
    [
      'Code: 60. DB::Exception: No table `x`. (UNKNOWN_TABLE)',
      60,
      'UNKNOWN_TABLE',
      'No table `x`.',
      404,
    ],
    ['Query failed: Code: 62. DB::Exception: Oh. (SYNTAX_ERROR)', 62, 'SYNTAX_ERROR', 'Oh.', 400],
    [
      'Code: 164. DB::Exception: Code: 164. DB::Exception: Cannot (x) modify. (READONLY) (version 26.7.2.1). (READONLY)',
      164,
      'READONLY',
      'Cannot (x) modify.',
      500,
    ],
    ['something else', 1001, 'STD_EXCEPTION', 'something else', 500],
  ])('%j', (text, code, type, message, status) => {
    const error = asServerError(new Error(text));
    expect(error).toMatchObject({ code, type, message });
    expect(statusOf(error)).toBe(status);
  });

  it('writes them as a server does', () => {
    const error = asServerError(
      new Error('Code: 81. DB::Exception: No database. (UNKNOWN_DATABASE)'),
    );
    expect(errorBody(error, '26.7.2.1')).toBe(
      'Code: 81. DB::Exception: No database. (UNKNOWN_DATABASE) (version 26.7.2.1 (official build))\n',
    );
  });
});

describe('credentials', () => {
  const basic = `Basic ${Buffer.from('u:p:q').toString('base64')}`;
  const inUrl = new Map([
    ['user', 'w'],
    ['password', 'x'],
  ]);

  it('come from headers, then basic authentication, then the URL', () => {
    const headers = { 'x-clickhouse-user': 'h', 'x-clickhouse-key': 'k', authorization: basic };
    expect(credentialsOf({ headers }, inUrl)).toEqual({ user: 'h', password: 'k' });
    const authorization = { headers: { authorization: basic } };
    expect(credentialsOf(authorization, inUrl)).toEqual({ user: 'u', password: 'p:q' });
    expect(credentialsOf({ headers: {} }, inUrl)).toEqual({ user: 'w', password: 'x' });
    expect(credentialsOf({ headers: {} }, new Map())).toEqual({ user: 'default', password: '' });
  });

  it('are compared whole', () => {
    const expected = { user: 'u', password: 'secret' };
    expect(() => authenticate({ user: 'u', password: 'secret' }, expected)).not.toThrow();
    for (const password of ['', 'secre', 'secret ', 'SECRET']) {
      expect(() => authenticate({ user: 'u', password }, expected)).toThrow(
        'Authentication failed',
      );
    }
    expect(() => authenticate({ user: 'v', password: 'secret' }, expected)).toThrow('v: Auth');
    expect(() => authenticate({ user: 'v', password: '' }, { user: 'u', password: '' })).toThrow(
      'v: Auth',
    );
  });
});

describe('settings', () => {
  it('are what the interface does not read itself; readonly comes last', () => {
    const split = splitParameters([
      ['readonly', '1'],
      ['query', 'SELECT 1'],
      ['max_threads', '2'],
      ["param_it's`", "a'b\\c\0"],
      ['wait_end_of_query', '1'],
    ]);
    expect([...split.http.keys()]).toEqual(['query', 'wait_end_of_query']);
    expect(setStatements(split)).toEqual([
      "SET `param_it's\\`` = 'a\\'b\\\\c\\0', `max_threads` = '2'",
      "SET `readonly` = '1'".replaceAll('`', ''),
    ]);
  });

  it('need no statement when there are none', () => {
    expect(setStatements(splitParameters([['query', 'SELECT 1']]))).toEqual([]);
  });
});

describe('multipartFields', () => {
  const type = 'multipart/form-data; boundary="a b"';
  const part = (name: string, value: string, more = ''): string =>
    `--a b\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;

  it('reads fields with any text in them', () => {
    const body = Buffer.from(
      `${part('query', 'SELECT\r\n--a\r\n1 é')}${part('param_x', '')}--a b--\r\n`,
    );
    expect(multipartFields(body, type)).toEqual([
      ['query', 'SELECT\r\n--a\r\n1 é'],
      ['param_x', ''],
    ]);
  });

  it.each([
    ['no boundary', part('a', 'b'), 'multipart/form-data'],
    ['no first boundary', 'x', type],
    ['no last boundary', part('a', 'b'), type],
    ['a part without a name', '--a b\r\nX: y\r\n\r\n1\r\n--a b--', type],
    ['External table t', `${part('t', 'b', '; filename="x"')}--a b--`, type],
  ])('refuses a body with %s', (reason, body, contentType) => {
    expect(() => multipartFields(Buffer.from(body), contentType)).toThrow(reason);
  });
});

describe('Semaphore', () => {
  it('runs so many at a time, first come first served, and refuses past its queue', async () => {
    const semaphore = new Semaphore(2, 2, () => new Error('full'));
    const finish: (() => void)[] = [];
    const order: number[] = [];
    const job = (n: number) =>
      semaphore.run(async () => {
        order.push(n);
        await new Promise<void>((resolve) => finish.push(resolve));
        if (n === 1) throw new Error('job 1');
        return n;
      });
    const jobs = [job(1), job(2), job(3), job(4)];
    await expect(job(5)).rejects.toThrow('full');
    expect(order).toEqual([1, 2]);
    finish.splice(0).forEach((done) => done());
    await expect(jobs[0]).rejects.toThrow('job 1');
    await jobs[1];
    expect(order).toEqual([1, 2, 3, 4]);
    finish.splice(0).forEach((done) => done());
    expect(await Promise.all(jobs.slice(2))).toEqual([3, 4]);
  });
});

describe('contentTypeOf', () => {
  it.each([
    ['JSON', 'application/json; charset=UTF-8'],
    ['JSONEachRow', 'application/x-ndjson; charset=UTF-8'],
    ['TabSeparated', 'text/tab-separated-values; charset=UTF-8'],
    ['Native', 'application/octet-stream'],
  ])('%s', (format, type) => {
    expect(contentTypeOf(format)).toBe(type);
  });
});
