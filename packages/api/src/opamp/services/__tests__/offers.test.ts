import { parseTenantId } from '@hyperdx-tenancy/domain/ids';

import { redact } from '../../../utils/secrets';
import { createLogger } from '../../../utils/logger';
import type { CollectorSnapshot } from '../../../controllers/collectorConfigs';
import { Offers } from '../offers';
import type { OffersOptions } from '../offers';

const shared = { kind: 'shared', target: 'default' } as const;

interface World {
  revision: number;
  text: string | undefined;
  teams: CollectorSnapshot['teams'];
  loads: number;
  builds: number;
  broken: boolean;
  change: () => void;
}

function setUp(): { offers: Offers; world: World } {
  const world: World = {
    revision: 1,
    text: 'one',
    teams: [],
    loads: 0,
    builds: 0,
    broken: false,
    change: () => undefined,
  };
  const options: OffersOptions = {
    load: () => {
      world.loads += 1;
      if (world.broken) return Promise.reject(new Error('no database'));
      const snapshot: CollectorSnapshot = {
        revision: world.revision,
        teams: world.teams,
        incomplete: new Set(),
        tokens: new Map([['hash', shared]]),
      };
      return Promise.resolve(snapshot);
    },
    revision: () => Promise.resolve(world.revision),
    onChange: (listener) => {
      world.change = listener;
      return () => (world.change = () => undefined);
    },
    build: () => {
      world.builds += 1;
      return world.text;
    },
    log: createLogger('silent'),
    pollMs: 5,
    gatherMs: 1,
  };
  return { offers: new Offers(options), world };
}

async function soon(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1_000 && !condition(); i += 1)
    await new Promise((resolve) => setTimeout(resolve, 2));
  expect(condition()).toBe(true);
}

const team: CollectorSnapshot['teams'][number] = {
  teamId: 't',
  tenantId: parseTenantId('a'.repeat(24)),
  apiKey: 'key$one',
  authenticate: true,
  target: 'default',
  credentials: {
    kind: 'literal',
    endpoint: 'tcp://x:1',
    username: 'u',
    password: 'pa$"ss',
    database: 'd',
  },
};

describe('Offers', () => {
  it('has nothing before the first read, and says so', () => {
    const { offers } = setUp();
    expect(offers.ready).toBe(false);
    expect(offers.groupOf('hash')).toBeUndefined();
    expect(offers.offerFor(shared)).toBeUndefined();
  });

  it('builds a config once, however often it is asked for', async () => {
    const { offers, world } = setUp();
    await offers.refresh();
    const first = offers.offerFor(shared);
    expect(offers.offerFor(shared)).toBe(first);
    expect(world.builds).toBe(1);
    expect(first?.hashHex).toHaveLength(64);
    await offers.stop();
  });

  it('knows its secrets in every form that a config has them in', async () => {
    const { offers, world } = setUp();
    world.teams = [team];
    await offers.refresh();
    const text = 'auth key$$one, password "pa$$\\"ss" for pa$"ss';
    expect(redact(text, offers.secrets())).toBe('auth ***, password "***" for ***');
  });

  it('knows the secrets of a team that left as well: agents may yet speak of the config before', async () => {
    const { offers, world } = setUp();
    world.teams = [team];
    await offers.refresh();
    world.teams = [];
    await offers.refresh();
    expect(redact('auth key$$one', offers.secrets())).toBe('auth ***');
    await offers.refresh();
    expect(redact('auth key$$one', offers.secrets())).toBe('auth ***');
  });

  it('builds nothing again where a full read finds what is known', async () => {
    const { offers, world } = setUp();
    await offers.refresh();
    offers.offerFor(shared);
    await offers.refresh();
    offers.offerFor(shared);
    expect(world.builds).toBe(1);
  });

  it('remembers that a group has none', async () => {
    const { offers, world } = setUp();
    world.text = undefined;
    await offers.refresh();
    expect(offers.offerFor(shared)).toBeUndefined();
    expect(offers.offerFor(shared)).toBeUndefined();
    expect(world.builds).toBe(1);
  });

  it("sees another process's change by its revision", async () => {
    const { offers, world } = setUp();
    offers.start();
    await soon(() => offers.ready);
    const before = offers.offerFor(shared)?.hashHex;
    world.text = 'two';
    world.teams = [team];
    world.revision = 2;
    await soon(() => offers.offerFor(shared)?.hashHex !== before);
    expect(Buffer.from(offers.offerFor(shared)?.body ?? []).toString()).toBe('two');
    await offers.stop();
  });

  it('reads nothing again while the revision stands', async () => {
    const { offers, world } = setUp();
    offers.start();
    await soon(() => offers.ready);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(world.loads).toBe(1);
    await offers.stop();
  });

  it('folds a burst of changes into few reads', async () => {
    const { offers, world } = setUp();
    offers.start();
    await soon(() => offers.ready);
    for (let i = 0; i < 100; i += 1) world.change();
    await offers.refresh();
    expect(world.loads).toBeLessThanOrEqual(4);
    await offers.stop();
  });

  it('keeps the last configs while they cannot be read', async () => {
    const { offers, world } = setUp();
    await offers.refresh();
    world.broken = true;
    await offers.refresh();
    expect(offers.ready).toBe(true);
    expect(offers.groupOf('hash')).toEqual(shared);
  });
});
