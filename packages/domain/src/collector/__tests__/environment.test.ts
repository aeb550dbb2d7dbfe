import { literalButEnvironment, strayReference } from '../environment';

describe('strayReference', () => {
  it.each(['', 'plain', '$', '$$', '$1', '}', '${env:A}', 'a ${env:_b2:-} ${env:A:-x:y} $'])(
    'finds none in %j',
    (text) => {
      expect(strayReference(text)).toBeUndefined();
    },
  );

  it.each([
    ['${file:/a}', '${file:/a}'],
    ['${env:A}${A}', '${A}'],
    ['$${env:}', '${env:}'],
    ['${env:A', '${env:A'],
    ['${env:A:-$b}', '${env:A:-$b}'],
    ['${ENV:A}', '${ENV:A}'],
    ['${${env:A}}', '${${env:A}}'],
  ])('finds the one in %j', (text, stray) => {
    expect(strayReference(text)).toBe(stray);
  });
});

describe('literalButEnvironment', () => {
  it.each([
    ['$1', '$$1'],
    ['${1}', '$${1}'],
    ['${env:A} costs $5', '${env:A} costs $$5'],
    ['${file:/a}${env:A:-b}', '$${file:/a}${env:A:-b}'],
    ['$${env:A}', '$$${env:A}'],
  ])('writes %j as %j', (text, written) => {
    expect(literalButEnvironment(text)).toBe(written);
  });
});
