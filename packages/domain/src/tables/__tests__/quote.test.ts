import { quoteIdentifier, quoteLiteral, quoteQualified } from '../quote';
import { failure } from './failure';

/** What ClickHouse's lexer makes of a quoted text: backslash escapes and doubled quotes, up to the closing quote. */
function read(quoted: string): { text: string; rest: string } {
  const quote = quoted[0]!;
  let text = '';
  for (let i = 1; i < quoted.length; i += 1) {
    const unit = quoted[i]!;
    if (unit === '\\') text += quoted[(i += 1)] ?? '';
    else if (unit === quote && quoted[i + 1] === quote) text += quoted[(i += 1)] ?? '';
    else if (unit === quote) return { text, rest: quoted.slice(i + 1) };
    else text += unit;
  }
  throw new Error(`not closed: ${quoted}`);
}

const hostile = [
  'plain',
  'with space',
  '`; DROP TABLE x; --',
  '\\',
  '\\`',
  '``',
  "'; DROP TABLE x; --",
  "\\'",
  "''",
  'a.b',
  '{p:Identifier}',
  'ünïcode',
  '__proto__',
];

describe('quoting', () => {
  it.each(hostile)('keeps the identifier %j one token', (name) => {
    expect(read(quoteIdentifier(name))).toEqual({ text: name, rest: '' });
  });

  it.each(hostile)('keeps the literal %j one token', (text) => {
    expect(read(quoteLiteral(text))).toEqual({ text, rest: '' });
  });

  it('quotes database and name apart, so that a dot in either stays in it', () => {
    expect(quoteQualified('a.b', 'c')).toBe('`a.b`.`c`');
  });

  it.each(['', 'a\0b', 'a\nb', '\u007f'])('refuses the identifier %j', (name) => {
    expect(failure(() => quoteIdentifier(name)).code).toBe('invalid_table_name');
  });

  it.each(['a\0b', 'a\nb'])('refuses the literal %j', (text) => {
    expect(failure(() => quoteLiteral(text)).code).toBe('invalid_request');
  });
});
