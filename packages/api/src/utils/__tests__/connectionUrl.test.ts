import { parseConnectionUrl } from '../connectionUrl';

describe('parseConnectionUrl', () => {
  it.each([
    ['http://ch.example:8123', 'ch.example'],
    ['https://ch.example/path/', 'ch.example'],
    ['HTTP://CH.Example', 'ch.example'],
    ['http://[2001:db8::1]:8123', '[2001:db8::1]'],
    // Every notation of an address is an address, and judged as one.
    ['http://2130706433', '127.0.0.1'],
    ['http://0x7f.1', '127.0.0.1'],
    ['http://127.0.0.1.', '127.0.0.1'],
    ['http://①②⑦.0.0.1', '127.0.0.1'],
  ])('reads %s', (text, hostname) => {
    expect(parseConnectionUrl(text)?.hostname).toBe(hostname);
  });

  it.each([
    '',
    'ch.example:8123',
    'ftp://ch.example',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'http://user@ch.example',
    'http://user:password@ch.example',
    'http://ch.example?query=x',
    'http://ch.example#x',
    'http://',
    'http://a b',
  ])('refuses "%s"', (text) => {
    expect(parseConnectionUrl(text)).toBeUndefined();
  });
});
