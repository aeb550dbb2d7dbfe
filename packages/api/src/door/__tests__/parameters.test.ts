import { addParameters, sortParameters } from '../parameters';

it('tells the interface, values and settings apart', () => {
  const sorted = sortParameters([
    ['query', 'SELECT 1'],
    ['param_x', '1'],
    ['param_query', '2'],
    ['max_execution_time', '60'],
    ['wait_end_of_query', '0'],
    ['constructor', '1'],
    ['__proto__', '1'],
    ['param___proto__', '3'],
  ]);
  expect([...sorted.interface]).toEqual([
    ['query', 'SELECT 1'],
    ['wait_end_of_query', '0'],
  ]);
  expect([...sorted.values]).toEqual([
    ['x', '1'],
    ['query', '2'],
    ['__proto__', '3'],
  ]);
  // Nothing has passed there yet.
  expect([...sorted.settings.keys()]).toEqual(['max_execution_time', 'constructor', '__proto__']);
});

it.each([
  ['role', 'admin'],
  ['session_id', 'x'],
  ['session_timeout', '60'],
  ['session_check', '1'],
  ['close_session', '1'],
  ['profile', 'default'],
  ['compress', '1'],
  ['decompress', '1'],
  ['buffer_size', '99999999'],
  ['buffer_size', '-1'],
  ['default_format', 'JSON FORMAT'],
  ['query_id', 'a\nb'],
  ['query_id', 'x'.repeat(257)],
  ['wait_end_of_query', '2'],
])('refuses %s=%j', (name, value) => {
  expect(() => sortParameters([[name, value]])).toThrow(
    expect.objectContaining({ code: 'invalid_request' }) as Error,
  );
});

it.each([
  ['quota_key', 'x'],
  ['stacktrace', '1'],
  ['readonly', '0'],
  ['compress', '0'],
  ['decompress', ''],
  ['hyperdx_user', 'somebody@example.com'],
])('leaves out %s=%j', (name, value) => {
  const { interface: kept, values, settings } = sortParameters([[name, value]]);
  expect([...kept, ...values, ...settings]).toEqual([]);
});

it('refuses what is given twice, in URL and form too', () => {
  for (const name of ['query', 'param_x', 'max_threads']) {
    const sorted = sortParameters([[name, '1']]);
    expect(() => addParameters(sorted, [[name, '1']])).toThrow(`${name}: is given twice`);
  }
});
