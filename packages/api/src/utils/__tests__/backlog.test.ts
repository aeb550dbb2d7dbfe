import { Backlog } from '../backlog';

interface Task {
  end(): void;
  run: () => Promise<void>;
  started: boolean;
}

function task(): Task {
  let end = (): void => undefined;
  const done = new Promise<void>((resolve) => (end = resolve));
  const made: Task = {
    end: () => end(),
    started: false,
    run: () => {
      made.started = true;
      return done;
    },
  };
  return made;
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('Backlog', () => {
  it('starts a task at once and makes nobody wait for it', async () => {
    const backlog = new Backlog(2);
    const slow = task();
    await backlog.add(slow.run);
    expect(slow.started).toBe(true);
    slow.end();
    await backlog.flush();
  });

  it('makes whoever adds to a full one wait, and drops nothing', async () => {
    const backlog = new Backlog(2);
    const [a, b, c] = [task(), task(), task()];
    await backlog.add(a.run);
    await backlog.add(b.run);
    let added = false;
    const adding = backlog.add(c.run).then(() => (added = true));
    await settle();
    expect([added, c.started]).toEqual([false, false]);
    a.end();
    await adding;
    expect(c.started).toBe(true);
    b.end();
    c.end();
    await backlog.flush();
  });

  it('waits for what runs when it is flushed', async () => {
    const backlog = new Backlog(2);
    const slow = task();
    await backlog.add(slow.run);
    let flushed = false;
    const flushing = backlog.flush().then(() => (flushed = true));
    await settle();
    expect(flushed).toBe(false);
    slow.end();
    await flushing;
  });
});
