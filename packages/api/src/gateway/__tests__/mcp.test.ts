import { gzipSync } from 'node:zlib';

import type { TenancyError } from '@hyperdx-tenancy/domain/errors';
import fc from 'fast-check';

import { judgeMcp } from '../mcp';
import { hasDisputedKeys } from '../repeatedKeys';

const json = { 'content-type': 'application/json' };

function call(name: unknown, id: unknown = 1): object {
  return { jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: {} } };
}

/** The code with which something is refused. */
function codeOf(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    return (error as TenancyError).code;
  }
  return undefined;
}

function judge(message: unknown, allowUnknown = false): ReturnType<typeof judgeMcp> {
  const text = typeof message === 'string' ? message : JSON.stringify(message);
  return judgeMcp(json, Buffer.from(text), allowUnknown);
}

describe('judgeMcp', () => {
  it.each([
    ['a tool that reads', call('clickstack_search')],
    ['raw SQL, which passes the guard', call('clickstack_sql')],
    ['a tool that writes what is no source', call('clickstack_save_dashboard')],
    ['a list of tools', { jsonrpc: '2.0', id: 'a', method: 'tools/list' }],
    ['a notification', { jsonrpc: '2.0', method: 'notifications/initialized' }],
    ['an answer', { jsonrpc: '2.0', id: 4, result: {} }],
    ['a batch', [call('clickstack_search'), call('clickstack_table', 2)]],
    [
      'a refused name as a mere argument',
      { ...call('clickstack_search'), name: 'clickstack_save_source' },
    ],
  ])('lets %s through', (_what, message) => {
    expect(judge(message)).toEqual({ forward: true });
  });

  it.each(['clickstack_save_source', 'clickstack_delete_source'])('refuses %s', (tool) => {
    expect(judge(call(tool, 'x'), true)).toMatchObject({
      forward: false,
      tool,
      answer: {
        jsonrpc: '2.0',
        id: 'x',
        error: { code: -32602, message: expect.stringContaining(tool) as string },
      },
    });
  });

  it.each([
    ['one that is not known', 'clickstack_new_tool', 'unknown'],
    ['another case', 'CLICKSTACK_SEARCH', 'unknown'],
    ['no name', undefined, 'unknown'],
    ['a list', ['clickstack_search'], 'unknown'],
    ['a name of Object', '__proto__', 'unknown'],
  ])('refuses a tool that is %s', (_what, name, tool) => {
    expect(judge(call(name))).toMatchObject({ forward: false, tool });
  });

  it('lets unknown tools through where unknown routes are, but none that speaks of tenancy', () => {
    expect(judge(call('clickstack_new_tool'), true)).toEqual({ forward: true });
    expect(judge(call('clickstack_patch_source'), true)).toMatchObject({ forward: false });
    expect(judge(call('clickstack_save_connection'), true)).toMatchObject({ forward: false });
  });

  it('refuses a whole batch for one call, and answers each of its requests', () => {
    const batch = [
      call('clickstack_search', 1),
      { jsonrpc: '2.0', method: 'notifications/initialized' },
      call('clickstack_save_source', 2),
    ];
    expect(judge(batch)).toMatchObject({ forward: false, answer: [{ id: 1 }, { id: 2 }] });
  });

  it.each([
    ['a method said twice', '{"method":"ping","method":"tools/call","id":1}'],
    [
      'a key said twice in another spelling',
      '{"method":"ping","\\u006dethod":"tools/call","id":1}',
    ],
    ['a name said twice', '{"id":1,"method":"tools/call","params":{"name":"a","name":"b"}}'],
    ['__proto__', '{"id":1,"__proto__":{"method":"tools/call"}}'],
    ['a method that is a list', '{"id":1,"method":["tools/call"]}'],
    ['no JSON', '{"id":1'],
    ['nothing', ''],
    ['a byte order mark', '\ufeff{"id":1,"method":"ping"}'],
    ['a text', '"tools/call"'],
    ['a batch in a batch', '[[{"id":1,"method":"ping"}]]'],
  ])('refuses a body with %s', (_what, text) => {
    expect(codeOf(() => judge(text))).toBe('invalid_json');
  });

  it('refuses what is no UTF-8', () => {
    const body = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]);
    expect(codeOf(() => judgeMcp(json, body, false))).toBe('invalid_json');
  });

  it.each([
    [{}],
    [{ 'content-type': 'text/plain' }],
    [{ 'content-type': 'application/json; charset=utf-16' }],
    [{ 'content-type': 'application/jsonx' }],
    [{ 'content-type': 'text/plain; application/json' }],
    [{ 'content-type': 'application/json; charset=utf-8; charset=utf-16' }],
    [{ ...json, 'content-encoding': 'gzip' }],
    [{ ...json, 'content-encoding': 'identity, gzip' }],
  ])('refuses a body sent as %j', (headers) => {
    const body = gzipSync(JSON.stringify(call('clickstack_save_source')));
    expect(codeOf(() => judgeMcp(headers, body, true))).toBe('unsupported_media_type');
  });

  it.each([
    'application/json',
    'Application/JSON; charset=UTF-8',
    'application/json;charset="utf-8"',
  ])('takes %s', (type) => {
    const body = Buffer.from(JSON.stringify(call('clickstack_search')));
    expect(judgeMcp({ 'content-type': type }, body, false)).toEqual({ forward: true });
  });
});

describe('hasDisputedKeys', () => {
  it('finds none in what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const hasProto = text.includes('"__proto__"');
        expect(hasDisputedKeys(text, 3) && !hasProto).toBe(false);
      }),
    );
  });

  it('finds any key that is said twice, however it is written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.json(), fc.json(), (key, first, second) => {
        const escaped = Array.from(
          { length: key.length },
          (_, i) => `\\u${key.charCodeAt(i).toString(16).padStart(4, '0')}`,
        ).join('');
        const text = `{ ${JSON.stringify(key)} : ${first}, "${escaped}"\n: ${second}}`;
        expect(hasDisputedKeys(text, 1)).toBe(true);
      }),
    );
  });

  it('looks no deeper than it is told', () => {
    const text = '[{"params":{"arguments":{"a":1,"a":2}}}]';
    expect(hasDisputedKeys(text, 3)).toBe(false);
    expect(hasDisputedKeys(text, 4)).toBe(true);
  });
});
