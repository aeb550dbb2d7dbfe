import { createHash } from 'node:crypto';

import { parseTenantId } from '@hyperdx-tenancy/domain/ids';

import { fingerprint, Keyring } from '../keyring';

const a = parseTenantId('65f0c0ffee0000000000aaaa');
const b = parseTenantId('65f0c0ffee0000000000bbbb');

describe('passwords of ClickHouse users', () => {
  const keyring = new Keyring('the present secret');
  const first = keyring.first();

  it('are the same whenever they are derived, and another for each tenant, role, generation and secret', () => {
    const passwords = [
      keyring.password(a, 'reader', first),
      keyring.password(a, 'writer', first),
      keyring.password(b, 'reader', first),
      keyring.password(a, 'reader', keyring.next(first)),
      new Keyring('another secret').password(a, 'reader', new Keyring('another secret').first()),
    ];
    expect(new Set(passwords).size).toBe(passwords.length);
    for (const password of passwords) expect(password).toMatch(/^[0-9a-f]{64}$/);
    expect(new Keyring('the present secret').password(a, 'reader', first)).toBe(passwords[0]);
  });

  it('are hashed as ClickHouse does: SHA-256 of password and salt, always with the same salt', () => {
    const { hash, salt } = keyring.passwordHash(a, 'writer', first)!;
    const password = keyring.password(a, 'writer', first)!;
    expect(hash).toBe(createHash('sha256').update(`${password}${salt}`).digest('hex'));
    expect(salt).toMatch(/^[0-9a-f]{32}$/);
    expect(password).not.toContain(salt);
    expect(keyring.passwordHash(a, 'writer', first)).toEqual({ hash, salt });
  });

  it('of the previous secret can be derived as long as it is at hand', () => {
    const later = new Keyring('the next secret', 'the present secret');
    expect(later.knows(first)).toBe(true);
    expect(later.password(a, 'reader', first)).toBe(keyring.password(a, 'reader', first));
    expect(later.next(first)).toEqual({ generation: 2, secret: later.current });
    const alone = new Keyring('the next secret');
    expect(alone.knows(first)).toBe(false);
    expect(alone.password(a, 'reader', first)).toBeUndefined();
    expect(alone.passwordHash(a, 'reader', first)).toBeUndefined();
  });

  it('name their secret by something that holds no part of it', () => {
    expect(fingerprint('the present secret')).toMatch(/^[0-9a-f]{12}$/);
    expect(fingerprint('the present secret')).not.toBe(fingerprint('the present secret '));
  });
});
