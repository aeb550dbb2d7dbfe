import { InFlight } from '../inFlight';

function pending(): { promise: Promise<void>; end: () => void } {
  let end = (): void => undefined;
  const promise = new Promise<void>((resolve) => (end = resolve));
  return { promise, end };
}

it('refuses more than there are places, for a group and in all, and gives them back', async () => {
  const inFlight = new InFlight({ total: 3, group: 2 });
  const work = pending();
  const running = [
    inFlight.run('a', () => work.promise),
    inFlight.run('a', () => work.promise),
    inFlight.run('b', () => work.promise),
  ];
  await expect(inFlight.run('a', () => Promise.resolve())).rejects.toMatchObject({
    code: 'overloaded',
  });
  await expect(inFlight.run('c', () => Promise.resolve())).rejects.toMatchObject({
    code: 'overloaded',
  });
  work.end();
  await Promise.all(running);
  await expect(inFlight.run('a', () => Promise.reject(new Error('its own')))).rejects.toThrow(
    'its own',
  );
  await expect(inFlight.run('a', () => Promise.resolve('served'))).resolves.toBe('served');
});
