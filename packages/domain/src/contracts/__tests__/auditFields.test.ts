import { auditActions } from '../audit';
import { auditNoun, auditSnapshot, REDACTED } from '../auditFields';

describe('auditSnapshot', () => {
  it('keeps what is listed, and of a secret only that there is one', () => {
    const token = {
      id: 'a'.repeat(24),
      name: 'ci',
      group: { kind: 'dedicated', team: 'b'.repeat(24) },
      token: 'hdxc_secret',
    };
    expect(auditSnapshot('collectorToken', token)).toEqual({ ...token, token: REDACTED });
  });

  it('reaches into lists and objects', () => {
    expect(
      auditSnapshot('tenant', {
        name: 'Acme',
        provisioning: null,
        teams: [{ id: '1', name: 'Acme', apiKey: 'key-1', hookId: 'hook-1' }],
      }),
    ).toEqual({
      name: 'Acme',
      provisioning: null,
      teams: [{ id: '1', name: 'Acme', apiKey: REDACTED, hookId: REDACTED }],
    });
  });

  it.each([
    ['a text', 'canary'],
    ['an object', { name: 'canary', id: { name: 'canary' } }],
    ['a list', ['canary', { name: 'canary' }]],
    ['a buffer', Buffer.from('canary')],
  ])('redacts a field that nobody has listed, whatever it holds: %s', (_what, value) => {
    expect(auditSnapshot('operator', { role: 'admin', novelty: value })).toEqual({
      role: 'admin',
      novelty: REDACTED,
    });
  });

  it('redacts an object, or a list in a list, where a plain value is expected', () => {
    const hidden = { password: 'canary' };
    const snapshot = auditSnapshot('operator', { name: hidden, email: [hidden, ['canary'], 'a'] });
    expect(snapshot).toEqual({ name: REDACTED, email: [REDACTED, REDACTED, 'a'] });
  });

  it('redacts a text where fields are expected', () => {
    expect(auditSnapshot('tenant', { provisioning: 'canary', teams: ['canary'] })).toEqual({
      provisioning: REDACTED,
      teams: [REDACTED],
    });
  });

  it.each([
    '__proto__',
    'constructor',
    'prototype.polluted',
    'toString',
    'hasOwnProperty',
    '$where',
    'a.b',
    'a b',
    '',
    'x'.repeat(65),
  ])('drops the hostile key "%s", also below a listed field', (key) => {
    const value = JSON.parse(`{"polluted": "canary", "name": "canary"}`) as object;
    const hostile = JSON.parse(
      JSON.stringify({ name: 'Acme', HOSTILE: value, teams: [{ HOSTILE: value }] }).replaceAll(
        '"HOSTILE"',
        JSON.stringify(key),
      ),
    ) as object;
    const snapshot = auditSnapshot('tenant', hostile);
    expect(Object.keys(snapshot)).toEqual(['name', 'teams']);
    expect(snapshot['teams']).toEqual([{}]);
    expect(Object.getPrototypeOf(snapshot)).toBe(Object.prototype);
    expect(JSON.stringify(snapshot)).not.toContain('canary');
    expect({}).not.toHaveProperty('polluted');
  });

  it('does not take an inherited name for a listed field', () => {
    // `valueOf` and the like are members of every object, the list of fields among them.
    const named = Object.fromEntries(
      Object.getOwnPropertyNames(Object.prototype).map((name) => [name, 'canary']),
    );
    expect(auditSnapshot('tenant', named)).toEqual({});
  });

  it('is bounded in text, items, fields and as a whole', () => {
    const long = auditSnapshot('tenant', { name: 'x'.repeat(100_000) });
    expect(String(long['name'])).toHaveLength(1_001);
    const many = auditSnapshot('operator', { name: Array.from({ length: 10_000 }, (_, i) => i) });
    expect(many['name']).toHaveLength(100);
    const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`f${i}`, i]));
    expect(Object.keys(auditSnapshot('operator', wide)).length).toBeLessThanOrEqual(100);
    const teams = Array.from({ length: 1_000 }, () => ({ name: 'x'.repeat(1_000) }));
    expect(auditSnapshot('tenant', { id: 'abc', teams })).toEqual({ id: 'abc', truncated: true });
  });

  it('leaves out what is undefined, and keeps null and false', () => {
    expect(
      auditSnapshot('operatorToken', { name: undefined, expiresAt: null, expired: false }),
    ).toEqual({ expiresAt: null, expired: false });
  });
});

it.each(auditActions)('has a list of fields for the noun of %s', (action) => {
  expect(Object.keys(auditSnapshot(auditNoun(action), { id: 'x' }))).toEqual(['id']);
});
