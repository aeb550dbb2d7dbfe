import fc from 'fast-check';

import { multipartBody, multipartFields } from '../multipart';

const type = 'multipart/form-data; boundary=xyz';
const part = (name: string, value: string | Buffer, more = ''): Buffer =>
  Buffer.concat([
    Buffer.from(`--xyz\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n`),
    Buffer.from(value),
    Buffer.from('\r\n'),
  ]);
const body = (...parts: Buffer[]): Buffer => Buffer.concat([...parts, Buffer.from('--xyz--\r\n')]);

it('reads fields as they are written', () => {
  const value = 'line\r\nline\n--xy\r\n--\\t\\N ü\u0000\ufeff ';
  expect(multipartFields(body(part('query', 'SELECT 1'), part('param_x', value)), type)).toEqual([
    ['query', 'SELECT 1'],
    ['param_x', value],
  ]);
  expect(multipartFields(body(part('a%22b', '')), `${type}; charset=utf-8`)).toEqual([['a"b', '']]);
  expect(multipartFields(body(), 'multipart/form-data; boundary="xyz"')).toEqual([]);
});

it('reads what browsers and Node write', async () => {
  const form = new FormData();
  form.set('query', 'SELECT {a:String}');
  form.set('param_a', '\u{1f600}\\n\t"\'');
  const sent = new Response(form);
  const bytes = Buffer.from(await sent.arrayBuffer());
  expect(multipartFields(bytes, sent.headers.get('content-type') ?? '')).toEqual([...form]);
});

it('reads back what it writes, byte for byte', () => {
  const fields = fc.array(
    fc.tuple(fc.stringMatching(/^[a-z_]{1,9}$/), fc.string({ unit: 'binary' })),
    { minLength: 1 },
  );
  fc.assert(
    fc.property(fields, (pairs) => {
      const made = multipartBody(pairs);
      expect(multipartFields(made.body, made.contentType)).toEqual(pairs);
    }),
  );
});

it.each([
  ['a file', body(part('t', 'x', '; filename="t"')), /external tables/],
  ['a file by another name', body(part('t', 'x', "; filename*=utf-8''t")), /external tables/],
  ['bytes that are no text', body(part('param_x', Buffer.from([0xff]))), /param_x: is not UTF-8/],
  ['no end', part('query', 'SELECT 1'), /last boundary/],
  ['text before it', Buffer.concat([Buffer.from('x\r\n'), body()]), /does not begin/],
  ['a part without a name', Buffer.from('--xyz\r\nA: b\r\n\r\nx\r\n--xyz--'), /without a name/],
  ['a part without headers', Buffer.from('--xyz\r\nx\r\n--xyz--'), /headers do not end/],
  [
    'a transfer encoding',
    body(part('query', 'eA==', '\r\nContent-Transfer-Encoding: base64')),
    /transfer encoding/,
  ],
  ['too many parts', body(...Array.from({ length: 4_097 }, () => part('a', ''))), /more than 4096/],
])('refuses %s', (_what, bytes, message) => {
  expect(() => multipartFields(bytes, type)).toThrow(message);
});

it('refuses a type without a boundary', () => {
  expect(() => multipartFields(body(), 'multipart/form-data')).toThrow(/names no boundary/);
});
