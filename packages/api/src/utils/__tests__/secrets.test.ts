import { deriveSecret, hashToken, newToken, redact, sameToken } from '../secrets';

it('derives another secret for each purpose, and the same one each time', () => {
  expect(deriveSecret('s', 'a')).toBe(deriveSecret('s', 'a'));
  expect(deriveSecret('s', 'a')).not.toBe(deriveSecret('s', 'b'));
  expect(deriveSecret('t', 'a')).not.toBe(deriveSecret('s', 'a'));
});

it('makes tokens that a URL path carries as they are', () => {
  const token = newToken('hdxc');
  expect(encodeURIComponent(token)).toBe(token);
  expect(newToken('hdxc')).not.toBe(token);
  expect(hashToken(token)).toMatch(/^[a-f0-9]{64}$/);
});

it.each([
  ['abc', 'abc', true],
  ['abc', 'abd', false],
  ['abc', 'abcd', false],
  ['', 'a', false],
])('compares %s with %s', (a, b, same) => expect(sameToken(a, b)).toBe(same));

it('takes secrets out of a text, also where one is part of another', () => {
  expect(redact('key=abcdef pass=abc x', ['abc', 'abcdef', ''])).toBe('key=*** pass=*** x');
});
