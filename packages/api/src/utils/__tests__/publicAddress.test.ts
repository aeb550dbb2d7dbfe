import {
  AddressRefused,
  isPublicAddress,
  parseAllowedHosts,
  resolveByDns,
  resolvePublic,
} from '../publicAddress';

const nothing = parseAllowedHosts([]);

describe('isPublicAddress', () => {
  it.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '2001:4860:4860::8888', '::ffff:8.8.8.8'])(
    '%s is',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it.each([
    ['this host', '0.0.0.0'],
    ['loopback', '127.0.0.1'],
    ['loopback, the rest of it', '127.255.0.9'],
    ['private', '10.0.0.1'],
    ['private', '172.16.0.1'],
    ['private', '192.168.1.1'],
    ['link-local: the metadata service of clouds', '169.254.169.254'],
    ['a provider’s own', '100.64.0.1'],
    ['Azure’s service for its machines', '168.63.129.16'],
    ['the same in IPv6 clothes', '::ffff:168.63.129.16'],
    ['reserved', '192.0.0.8'],
    ['for documentation', '203.0.113.7'],
    ['for benchmarks', '198.18.0.1'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['IPv6 loopback', '::1'],
    ['IPv6 unspecified', '::'],
    ['IPv6 link-local', 'fe80::1'],
    ['IPv6 unique local', 'fd00:ec2::254'],
    ['IPv6 site-local', 'fec0::1'],
    ['IPv6 multicast', 'ff02::1'],
    ['loopback in IPv6 clothes', '::ffff:127.0.0.1'],
    ['loopback in older clothes', '::127.0.0.1'],
    ['loopback behind NAT64', '64:ff9b::7f00:1'],
    ['loopback behind a local NAT64', '64:ff9b:1::7f00:1'],
    ['loopback behind 6to4', '2002:7f00:1::'],
    ['Teredo', '2001::1'],
    ['for documentation', '2001:db8::1'],
    ['not handed out to anybody', '4000::1'],
  ])('%s is not: %s', (_, address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('resolvePublic', () => {
  it('reads the longest of names at once, whatever is wrong with it', async () => {
    // What the URL parser lets through. Tried in every way of cutting it up, it would take longer than anybody lives.
    const name = `${'a'.repeat(200)}!`;
    await expect(resolvePublic(name, nothing)).rejects.toThrow(AddressRefused);
  });

  const answers = (table: Record<string, string[]>) => (name: string) =>
    Promise.resolve(table[name] ?? []);

  it('gives the address that was looked at, and asks once', async () => {
    let asked = 0;
    // Public at the first look, inside at the second: what rebinding does.
    const rebinding = (): Promise<string[]> =>
      Promise.resolve(asked++ === 0 ? ['8.8.8.8'] : ['127.0.0.1']);
    expect(await resolvePublic('db.example', nothing, rebinding)).toEqual({
      address: '8.8.8.8',
      family: 4,
    });
    expect(asked).toBe(1);
  });

  it.each([
    ['8.8.8.8', { address: '8.8.8.8', family: 4 }],
    ['[2001:4860:4860::8888]', { address: '2001:4860:4860::8888', family: 6 }],
    ['[::ffff:8.8.8.8]', { address: '8.8.8.8', family: 4 }],
  ])('takes the literal %s without asking anybody', async (host, pinned) => {
    const nobody = () => Promise.reject(new Error('was asked'));
    expect(await resolvePublic(host, nothing, nobody)).toEqual(pinned);
  });

  const table = {
    'inside.example': ['10.0.0.1'],
    'mixed.example': ['8.8.8.8', '10.0.0.1'],
    'mapped.example': ['::ffff:10.0.0.1'],
    'text.example': ['not an address'],
    localhost: ['127.0.0.1'],
  };

  it.each([
    ...Object.keys(table),
    'nowhere.example',
    '127.0.0.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '',
    'a..b',
    'a b',
    'a/b',
    `${'a'.repeat(64)}.example`,
  ])('refuses "%s", in the same words', async (host) => {
    const refusal = resolvePublic(host, nothing, answers(table));
    await expect(refusal).rejects.toBeInstanceOf(AddressRefused);
    await expect(refusal).rejects.toThrow('the host is not one that may be connected to');
  });

  it('refuses what cannot be asked for', async () => {
    const broken = () => Promise.reject(new Error('no name server'));
    await expect(resolvePublic('x.example', nothing, broken)).rejects.toBeInstanceOf(
      AddressRefused,
    );
  });

  it.each([
    ['a name', ['Inside.Example'], 'inside.example.'],
    ['a network', ['10.0.0.0/8'], 'inside.example'],
    ['an address', ['10.0.0.1'], '10.0.0.1'],
    ['a network, in IPv6 clothes', ['10.0.0.0/8'], 'mapped.example'],
    ['a network, one of two', ['10.0.0.0/8'], 'mixed.example'],
    ['an IPv6 network', ['fd00::/8'], '[fd00::1]'],
  ])('takes what is allowed by %s', async (_, allowed, host) => {
    await expect(
      resolvePublic(host, parseAllowedHosts(allowed), answers(table)),
    ).resolves.toHaveProperty('address');
  });

  it.each([
    ['another name', ['other.example'], 'inside.example'],
    ['another network', ['192.168.0.0/16'], 'inside.example'],
    ['a part of a name', ['example'], 'inside.example'],
  ])('refuses what is not allowed by %s', async (_, allowed, host) => {
    await expect(
      resolvePublic(host, parseAllowedHosts(allowed), answers(table)),
    ).rejects.toBeInstanceOf(AddressRefused);
  });
});

describe('resolveByDns', () => {
  it('finds nothing under a name that cannot exist, and says so in time', async () => {
    expect(await resolveByDns('nothing.invalid')).toEqual([]);
  });
});

describe('parseAllowedHosts', () => {
  it.each(['10.0.0.0/99', 'a b', '/8', 'http://x', '10.0.0.0/8/8'])('refuses "%s"', (entry) => {
    expect(() => parseAllowedHosts([entry])).toThrow(`"${entry}"`);
  });
});
