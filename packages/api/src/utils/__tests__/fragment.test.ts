import { MAX_FRAGMENT_CHARACTERS } from '@hyperdx-tenancy/domain/contracts/collectorGroup';

import { parseFragment } from '../fragment';

const pipeline = `
exporters:
  debug/own: {verbosity: basic}
receivers:
  hostmetrics/own: {scrapers: {cpu: {}}}
service:
  pipelines:
    metrics/own:
      receivers: [hostmetrics/own]
      exporters: [debug/own]
`;

describe('parseFragment', () => {
  it('reads what adds components of its own', () => {
    expect(parseFragment(pipeline, 'shared')).toMatchObject({
      kind: 'shared',
      parts: { exporters: { 'debug/own': { verbosity: 'basic' } } },
    });
  });

  it('takes an empty text for nothing', () => {
    expect(parseFragment('# nothing yet', 'shared').parts.pipelines).toEqual({});
  });

  it.each([
    ['no YAML', 'a: [1', 'line 1'],
    ['a key that is stated twice', 'exporters: {}\nexporters: {}', 'line 2'],
    ['an alias of nothing', 'exporters: *nothing', 'fragment'],
    ['a type of its own', 'exporters: !custom {}', 'line 1'],
    [
      'aliases that grow',
      `a: &a [1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c]`,
      'aliases',
    ],
    ['a text that is too long', '#'.repeat(MAX_FRAGMENT_CHARACTERS + 1), 'characters'],
    ['two documents', 'exporters: {}\n---\nexporters: {}', 'fragment'],
  ])('refuses %s, and says where', (_what, text, named) => {
    let message = '';
    try {
      parseFragment(text, 'shared');
    } catch (error) {
      message = `${(error as { code: string }).code} ${(error as Error).message}`;
    }
    expect(message).toMatch(/^invalid_request .*fragment/i);
    expect(message).toContain(named);
  });
});
