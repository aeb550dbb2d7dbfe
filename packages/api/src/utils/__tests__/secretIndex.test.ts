import { SecretIndex } from '../secretIndex';

describe('SecretIndex', () => {
  it('takes secrets out wherever they stand', () => {
    const index = new SecretIndex(['first-key', 'second$key']);
    expect(index.redact('a first-key, (second$key) and prefixfirst-keysuffix')).toBe(
      'a ***, (***) and prefix***suffix',
    );
  });

  it('takes the longest of those that begin alike', () => {
    const index = new SecretIndex(['same-beginning', 'same-beginning-longer']);
    expect(index.redact('same-beginning-longer same-beginning')).toBe('*** ***');
  });

  it('takes short ones out as well', () => {
    expect(new SecretIndex(['pw', '']).redact('pw=pw')).toBe('***=***');
  });

  it('finds them next to each other and at both ends', () => {
    const index = new SecretIndex(['12345678']);
    expect(index.redact('1234567812345678')).toBe('******');
    expect(index.redact('1234567')).toBe('1234567');
  });

  it('knows a whole secret from a part of one', () => {
    const index = new SecretIndex(['12345678', 'ab']);
    expect(
      ['12345678', '123456789', '1234567', 'ab', 'abc'].map((text) => index.has(text)),
    ).toEqual([true, false, false, true, false]);
  });

  it('finds one among many that begin alike', () => {
    const many = Array.from({ length: 20_000 }, (_, i) => `key-number-${i}`);
    const index = new SecretIndex(many);
    expect(index.redact(`x ${many[19_999]} y ${many[7]} z`)).toBe('x *** y *** z');
    expect(index.redact('nothing of theirs')).toBe('nothing of theirs');
  });
});
