import { FailedLogins, networkOf } from '../failedLogins';

describe('networkOf', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
    ['1::2:3', '1:0:0:0::/64'],
    ['1:2:3:4:5::', '1:2:3:4::/64'],
    ['not an address', 'unknown'],
    ['', 'unknown'],
    [undefined, 'unknown'],
  ])('of %s is %s', (address, network) => expect(networkOf(address)).toBe(network));
});

describe('FailedLogins', () => {
  const options = { limit: 3, windowSeconds: 60 };

  it('blocks a network once it has failed as often as it may, and says for how long', async () => {
    const failures = new FailedLogins(options);
    const reached: boolean[] = [];
    for (let i = 0; i < options.limit; i += 1) {
      expect(await failures.blockedSeconds('192.0.2.7')).toBe(0);
      reached.push(await failures.add('192.0.2.7'));
    }
    expect(reached).toEqual([false, false, true]);
    const seconds = await failures.blockedSeconds('192.0.2.7');
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(await failures.blockedSeconds('192.0.2.8')).toBe(0);
  });

  it('counts all addresses of an IPv6 network as one', async () => {
    const failures = new FailedLogins(options);
    for (let i = 0; i < options.limit; i += 1) await failures.add(`2001:db8::${i}`);
    expect(await failures.blockedSeconds('2001:db8::ffff')).toBeGreaterThan(0);
    expect(await failures.blockedSeconds('2001:db8:0:1::1')).toBe(0);
  });

  it('forgets after the window', async () => {
    const failures = new FailedLogins({ limit: 1, windowSeconds: 0.05 });
    await failures.add('192.0.2.7');
    expect(await failures.blockedSeconds('192.0.2.7')).toBe(1);
    let left = 1;
    for (let i = 0; i < 100 && left > 0; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      left = await failures.blockedSeconds('192.0.2.7');
    }
    expect(left).toBe(0);
  });

  it('keeps a bounded number of counters under a flood of addresses', async () => {
    const failures = new FailedLogins(options);
    const spread = new Set<string>();
    for (let i = 0; i < 40_000; i += 1) {
      const address = `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;
      spread.add(address);
      await failures.add(address);
    }
    expect(spread.size).toBe(40_000);
    expect(failures.counters).toBeLessThanOrEqual(16_384);
  });
});
