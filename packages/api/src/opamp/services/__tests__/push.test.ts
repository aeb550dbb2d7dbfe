import { setImmediate as tick } from 'node:timers/promises';

import { Metrics } from '../../../metrics';
import { Connections } from '../connections';
import type { Connection, Outgoing } from '../connections';
import { Push } from '../push';
import type { PushLimits } from '../push';

interface Sent {
  message: Outgoing;
  written: () => void;
}

interface Fake extends Connection {
  sent: Sent[];
}

function connection(shard: string, id: string): Fake {
  const sent: Sent[] = [];
  return {
    pass: { id, admitted: { shard, kind: 'shared', token: id }, isGood: () => true },
    agent: undefined,
    hasHeartbeat: true,
    hasSpoken: true,
    openedAt: 0,
    heardAt: 0,
    pingedAt: 0,
    partialSince: 0,
    blockedSince: 0,
    sent,
    deliver: (message, written = () => undefined) => sent.push({ message, written }),
    finish: () => undefined,
    probe: () => undefined,
    terminate: () => undefined,
  };
}

async function ticks(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await tick();
}

function setUp(limits: Partial<PushLimits> = {}) {
  const connections = new Connections();
  const configs = new Map<string, Buffer>();
  const push = new Push({
    connections,
    outgoing: ({ pass }) => {
      const wire = configs.get(pass.admitted.shard);
      return wire && { head: Buffer.alloc(0), wire };
    },
    metrics: new Metrics(),
    limits: { bytesInFlight: 1_000, slowMs: 40, atOnce: 10, ...limits },
  });
  const add = (shard: string, id: string): Fake => {
    const made = connection(shard, id);
    connections.add(made);
    return made;
  };
  const change = (shard: string, text: string): void => {
    configs.set(shard, Buffer.from(text));
    push.changed([shard]);
  };
  return { push, add, change };
}

const texts = ({ sent }: Fake): string[] =>
  sent.map(({ message }) => Buffer.from(message.wire ?? []).toString());

it('sends the same bytes to all agents of a shard, and nothing to those of others', async () => {
  const { add, change, push } = setUp();
  const [a, b, other] = [add('one', 'a'), add('one', 'b'), add('two', 'c')];
  change('one', 'new');
  await ticks();
  expect([texts(a), texts(b), texts(other)]).toEqual([['new'], ['new'], []]);
  expect(a.sent[0]?.message.wire).toBe(b.sent[0]?.message.wire);
  push.stop();
});

it('sends one at a time, and the newest alone of what changed meanwhile', async () => {
  const { add, change, push } = setUp();
  const slow = add('one', 'a');
  change('one', 'first');
  await ticks();
  for (let i = 0; i < 100; i += 1) change('one', `${i}`);
  await ticks();
  expect(texts(slow)).toEqual(['first']);
  slow.sent[0]?.written();
  await ticks();
  expect(texts(slow)).toEqual(['first', '99']);
  push.stop();
});

it('gives no more to sockets at once than there may be, and goes on as it is written', async () => {
  const { add, change, push } = setUp({ slowMs: 60_000 });
  const agents = Array.from({ length: 30 }, (_, index) => add('one', `${index}`));
  change('one', 'x'.repeat(100));
  await ticks();
  const given = (): number => agents.filter(({ sent }) => sent.length > 0).length;
  expect(given()).toBe(10);
  for (const { sent } of agents) sent[0]?.written();
  await ticks();
  expect(given()).toBe(20);
  push.stop();
});

it('goes on without those that do not read', async () => {
  const { add, change, push } = setUp();
  const agents = Array.from({ length: 20 }, (_, index) => add('one', `${index}`));
  change('one', 'x'.repeat(200));
  const deadline = Date.now() + 5_000;
  while (agents.some(({ sent }) => sent.length === 0) && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(agents.every(({ sent }) => sent.length === 1)).toBe(true);
  push.stop();
});

it('holds no place for a connection that is gone', async () => {
  const { add, change, push } = setUp({ bytesInFlight: 100, slowMs: 60_000 });
  const gone = add('one', 'a');
  change('one', 'x'.repeat(100));
  await ticks();
  const other = add('two', 'b');
  change('two', 'y');
  await ticks();
  expect(texts(other)).toEqual([]);
  change('one', 'again');
  push.forget(gone);
  await ticks();
  expect(texts(other)).toEqual(['y']);
  expect(gone.sent).toHaveLength(1);
  push.stop();
});
