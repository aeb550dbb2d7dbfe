import { newToken } from '../../../../utils/secrets';
import { KnownSecrets } from '../knownSecrets';

describe('KnownSecrets', () => {
  it('takes out tokens that agents come with, of which only hashes are kept', () => {
    const [token, fixed] = [newToken('hdxc'), 'of-the-environment-0123'];
    const secrets = new KnownSecrets([fixed]);
    const text = `GET ws://host:4320/t/${token}/v1/opamp: 401, with "${token}" and ${fixed}`;
    expect(secrets.redact(text)).not.toContain(token.slice(0, 20));
    expect(secrets.redact(text)).not.toContain(fixed);
    expect(secrets.redact(text)).toContain('/v1/opamp: 401');
    expect([secrets.has(token), secrets.has(fixed), secrets.has('hdxc_no-token')]).toEqual([
      true,
      true,
      false,
    ]);
  });
});
