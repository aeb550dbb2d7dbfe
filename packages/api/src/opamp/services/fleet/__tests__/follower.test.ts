import { createLogger } from '../../../../utils/logger';
import { Follower } from '../follower';

interface Source {
  revision: number;
  reads: number;
  /** Of those, the ones of everything. */
  whole: number;
  /** Reads of everything aside. */
  aside: number;
  broken: boolean;
  incomplete: boolean;
  change: (announced: boolean) => void;
}

function setUp(reloadMs?: number): { follower: Follower; source: Source } {
  const source: Source = {
    revision: 1,
    reads: 0,
    whole: 0,
    aside: 0,
    broken: false,
    incomplete: false,
    change: () => undefined,
  };
  const follower = new Follower({
    read: (everything) => {
      source.reads += 1;
      if (everything) source.whole += 1;
      if (source.broken) return Promise.reject(new Error('no database'));
      return Promise.resolve(source.incomplete ? undefined : source.revision);
    },
    prepare: () => {
      source.aside += 1;
      return source.broken ? Promise.reject(new Error('no database')) : Promise.resolve();
    },
    revision: () => Promise.resolve(source.revision),
    onChange: (listener) => {
      source.change = listener;
      return () => (source.change = () => undefined);
    },
    log: createLogger('silent'),
    pollMs: 5,
    gatherMs: 1,
    ...(reloadMs === undefined ? {} : { reloadMs }),
  });
  return { follower, source };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function soon(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 1_000 && !condition(); i += 1) await pause(2);
  expect(condition()).toBe(true);
}

describe('Follower', () => {
  it('reads once, and not again while nothing changes', async () => {
    const { follower, source } = setUp();
    follower.start();
    await soon(() => source.reads === 1);
    await pause(50);
    expect(source.reads).toBe(1);
    await follower.stop();
  });

  it("sees another process's change by its revision", async () => {
    const { follower, source } = setUp();
    follower.start();
    await soon(() => source.reads === 1);
    source.revision = 2;
    await soon(() => source.reads === 2);
    await follower.stop();
  });

  it('folds a burst of changes into few reads', async () => {
    const { follower, source } = setUp();
    follower.start();
    await soon(() => source.reads === 1);
    for (let i = 0; i < 100; i += 1) source.change(true);
    await Promise.all(Array.from({ length: 100 }, () => follower.refresh()));
    expect(source.reads).toBeLessThanOrEqual(4);
    await follower.stop();
  });

  it('does not put a read off for changes that keep coming', async () => {
    const { follower, source } = setUp();
    follower.start();
    await soon(() => source.reads === 1);
    for (let i = 0; i < 50; i += 1) {
      source.change(true);
      await pause(1);
    }
    expect(source.reads).toBeGreaterThan(2);
    await follower.stop();
  });

  it('reads again what could not be read, or not brought up to date', async () => {
    const { follower, source } = setUp();
    source.broken = true;
    follower.start();
    await soon(() => source.reads > 1);
    source.broken = false;
    source.incomplete = true;
    const before = source.reads;
    await soon(() => source.reads > before + 1);
    source.incomplete = false;
    await follower.refresh();
    const settled = source.reads;
    await pause(50);
    expect(source.reads).toBeLessThanOrEqual(settled + 1);
    await follower.stop();
  });

  it('reads everything at first, after a failure, and of a change that has no number; else what changed', async () => {
    const { follower, source } = setUp();
    follower.start();
    await soon(() => source.reads === 1);
    expect(source.whole).toBe(1);
    source.revision = 2;
    await soon(() => source.reads === 2);
    source.change(true);
    await soon(() => source.reads === 3);
    expect(source.whole).toBe(1);

    source.change(false);
    await soon(() => source.whole === 2);
    source.broken = true;
    source.revision = 3;
    await soon(() => source.reads > 5);
    source.broken = false;
    const failed = source.whole;
    await soon(() => source.whole > failed);
    expect(source.aside).toBe(0);
    await follower.stop();
  });

  it('reads everything aside now and then, and then what is new of it', async () => {
    const { follower, source } = setUp(20);
    follower.start();
    await soon(() => source.aside >= 2);
    await soon(() => source.reads >= 3);
    expect(source.whole).toBe(1);
    // It goes on after a failure.
    source.broken = true;
    await soon(() => source.aside >= 4);
    source.broken = false;
    const { reads } = source;
    await soon(() => source.reads > reads);
    await follower.stop();
    const { aside } = source;
    follower.readAside();
    expect(source.aside).toBe(aside);
  });

  it('is silent once it is stopped', async () => {
    const { follower, source } = setUp();
    follower.start();
    await soon(() => source.reads === 1);
    await follower.stop();
    source.revision = 9;
    source.change(true);
    await pause(30);
    expect(source.reads).toBe(1);
  });
});
