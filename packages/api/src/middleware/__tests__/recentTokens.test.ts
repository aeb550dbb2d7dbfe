import { RecentTokens } from '../recentTokens';

describe('RecentTokens', () => {
  it('forgets the one unused for longest, and never holds more than a thousand', () => {
    const tokens = new RecentTokens();
    for (let i = 0; i < 1_000; i += 1) tokens.add(`hash-${i}`);
    tokens.add('hash-0');
    tokens.add('hash-1000');
    expect(tokens.has('hash-0')).toBe(true);
    expect(tokens.has('hash-1')).toBe(false);
    expect(tokens.has('hash-1000')).toBe(true);
  });

  it('forgets what is taken out', () => {
    const tokens = new RecentTokens();
    tokens.add('hash');
    tokens.delete('hash');
    expect(tokens.has('hash')).toBe(false);
  });
});
