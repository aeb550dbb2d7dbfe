import { doorUserName } from '@hyperdx-tenancy/domain/access';

import type { DoorTenant } from '../../controllers/doorTenants';
import { givenLogin, Logins } from '../logins';

const url = (entries: [string, string][] = []): ReadonlyMap<string, string> => new Map(entries);
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

describe('who asks', () => {
  it.each([
    ['headers', { 'x-clickhouse-user': 'u', 'x-clickhouse-key': 'p:1' }, url()],
    ['Basic', { authorization: basic('u:p:1') }, url()],
    [
      'the URL',
      {},
      url([
        ['user', 'u'],
        ['password', 'p:1'],
      ]),
    ],
  ])('is read from %s', (_where, headers, parameters) => {
    expect(givenLogin({ headers }, parameters)).toEqual({ user: 'u', password: 'p:1' });
  });

  it.each([
    ['nowhere', {}, url()],
    ['a token', { authorization: 'Bearer x' }, url()],
    ['headers and URL', { 'x-clickhouse-user': 'u' }, url([['user', 'v']])],
    ['headers and Basic', { 'x-clickhouse-key': 'p', authorization: basic('u:p') }, url()],
    ['Basic and URL', { authorization: basic('u:p') }, url([['password', 'q']])],
  ])('is not taken from %s', (_where, headers, parameters) => {
    expect(() => givenLogin({ headers }, parameters)).toThrow(
      expect.objectContaining({ code: 'unauthorized' }) as Error,
    );
  });
});

describe('logins', () => {
  const known = 'a'.repeat(24);
  const login = (teamId: string, password = 'right') => ({ user: doorUserName(teamId), password });
  /** Knows one team, and counts look-ups. */
  function setUp(): { logins: Logins; asked: string[] } {
    const asked: string[] = [];
    const tenant = { teamId: known, opensWith: (password: string) => password === 'right' };
    const find = (teamId: string): Promise<DoorTenant | undefined> => {
      asked.push(teamId);
      return Promise.resolve(
        teamId === known ? (tenant as Partial<DoorTenant> as DoorTenant) : undefined,
      );
    };
    return { logins: new Logins({ find }), asked };
  }
  const failed = expect.objectContaining({
    message: expect.stringContaining('Authentication failed') as string,
  }) as unknown;

  it('say the same for a wrong password, an unknown team and a name of another kind', async () => {
    const { logins, asked } = setUp();
    const unknown = 'b'.repeat(24);
    for (const given of [
      login(known, 'wrong'),
      login(unknown),
      { user: 'default', password: '' },
    ]) {
      await expect(logins.check(given, '192.0.2.1')).rejects.toEqual(failed);
    }
    // What is no name of a team is not looked for.
    expect(asked).toEqual([known, unknown]);
    await expect(logins.check({ user: '<script>', password: '' }, '192.0.2.1')).rejects.not.toThrow(
      'script',
    );
  });

  it('of a network that failed too often are heard for teams alone that were let in', async () => {
    const { logins, asked } = setUp();
    const [bad, good] = ['192.0.2.1', '198.51.100.1'];
    await logins.check(login(known), good);
    for (let count = 0; count < 60; count += 1) {
      await expect(logins.check(login('b'.repeat(24)), bad)).rejects.toEqual(failed);
    }
    const limited = expect.objectContaining({ code: 'too_many_attempts' }) as unknown;
    const before = asked.length;
    await expect(logins.check(login('c'.repeat(24)), bad)).rejects.toEqual(limited);
    expect(asked).toHaveLength(before);
    await expect(logins.check(login(known), bad)).resolves.toMatchObject({ teamId: known });
    await expect(logins.check(login(known, 'wrong'), bad)).rejects.toEqual(failed);
    await expect(logins.check(login('c'.repeat(24)), good)).rejects.toEqual(failed);
  });
});
