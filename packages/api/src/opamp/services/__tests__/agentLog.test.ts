import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gunzipSync } from 'node:zlib';

import { waitFor } from '@hyperdx-tenancy/devkit/process';

import type { GoneAgent, HeardAgent } from '../../../controllers/collectorAgents';
import { Metrics } from '../../../metrics';
import type { ICollectorEffectiveConfig } from '../../../models/collectorEffectiveConfig';
import { createLogger } from '../../../utils/logger';
import type { AgentNote, ComponentTypes } from '../../fleet';
import { AgentLog } from '../agentLog';
import type { AgentLogOptions, AgentStore } from '../agentLog';
import { ComponentSet } from '../componentSets';

/** Lets timers of 0 ms and all that follows from them run. */
const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10));

const uid = (n: number): string => n.toString(16).padStart(32, '0');

const note = (more: Partial<AgentNote> = {}): AgentNote => ({
  shard: 'shared:default',
  token: 'token-1',
  instanceUid: uid(1),
  certain: true,
  transport: 'http',
  capabilities: 0x1803n,
  attributes: undefined,
  hash: 'h1',
  status: 'applied',
  error: '',
  state: 'in_step',
  revision: 1,
  touched: 1,
  configRevision: 1,
  healthy: true,
  lastError: '',
  lacking: [],
  ...more,
});

function setUp(more: Partial<AgentLogOptions> = {}) {
  const heard: (readonly HeardAgent[])[] = [];
  const gone: GoneAgent[] = [];
  const texts: ICollectorEffectiveConfig[] = [];
  const moves: unknown[] = [];
  const order: string[] = [];
  let answer: () => Promise<void> = () => Promise.resolve();
  const store: AgentStore = {
    heard: (agents) => {
      if (agents.length === 0) return Promise.resolve();
      heard.push(agents);
      order.push('heard');
      return answer();
    },
    gone: (agents) => {
      if (agents.length > 0) order.push('gone');
      gone.push(...agents);
      return Promise.resolve();
    },
    effectiveConfigs: (configs) => {
      texts.push(...configs);
      return Promise.resolve();
    },
    move: (move) => {
      order.push('move');
      moves.push(move);
      return Promise.resolve();
    },
    findMoves: () => Promise.resolve([]),
  };
  let now = 1_000_000;
  const log = new AgentLog({
    store,
    processId: 'p1',
    retentionDays: 30,
    redactEffective: (text) => text.replaceAll('canary', '***'),
    log: createLogger('silent'),
    metrics: new Metrics(),
    now: () => now,
    flushMs: 0,
    ...more,
  });
  return {
    log,
    heard,
    gone,
    texts,
    moves,
    order,
    now: () => now,
    pass: (ms: number) => (now += ms),
    answers: (next: () => Promise<void>) => (answer = next),
  };
}

const set = (types: ComponentTypes) => new ComponentSet(JSON.stringify(types), types);

const fields = (batch: readonly HeardAgent[] | undefined) => batch?.map((agent) => agent.fields);

describe('AgentLog', () => {
  it('writes what changed, all of it together', async () => {
    const { log, heard } = setUp();
    log.note(note({ instanceUid: uid(1) }));
    log.note(note({ instanceUid: uid(2) }));
    log.note(note({ instanceUid: uid(1), hash: 'h2' }));
    await soon();
    expect(heard).toHaveLength(1);
    expect(heard[0]?.map(({ instanceUid, isNew }) => [instanceUid, isNew])).toEqual([
      [uid(1), true],
      [uid(2), true],
    ]);
    expect(heard[0]?.[0]?.fields.hash).toBe('h2');
    await log.stop();
  });

  it('writes nothing for messages without news, until it has to show that the agent lives', async () => {
    const { log, heard, pass, now } = setUp();
    log.note(note());
    await soon();
    for (let poll = 0; poll < 5; poll += 1) {
      pass(5_000);
      log.note(note());
      await soon();
    }
    expect(heard).toHaveLength(1);
    pass(5_000);
    log.note(note());
    await soon();
    expect(heard).toHaveLength(2);
    expect(heard[1]?.[0]?.fields.aliveUntil.getTime()).toBe(now() + 90_000);
    expect(heard[1]?.[0]?.isNew).toBe(false);
    await log.stop();
  });

  it('knows by which token an agent came last, until it is gone', () => {
    const { log } = setUp();
    log.note(note());
    log.note(note({ token: 'token-2' }));
    expect(log.tokenOf('shared:default', uid(1))).toBe('token-2');
    expect(log.tokenOf('shared:other', uid(1))).toBeUndefined();
    log.gone('shared:default', uid(1), 'goodbye');
    expect(log.tokenOf('shared:default', uid(1))).toBeUndefined();
  });

  it('notes less often the more agents there are, and says for how long each counts as alive', async () => {
    const { log, heard, pass, now } = setUp();
    for (let n = 0; n < 20_000; n += 1) log.note(note({ instanceUid: uid(n) }));
    await soon();
    const before = heard.length;
    expect(before).toBe(800);
    pass(299_000);
    log.note(note({ instanceUid: uid(7) }));
    await soon();
    expect(heard).toHaveLength(before);
    pass(1_000);
    log.note(note({ instanceUid: uid(7) }));
    await soon();
    expect(heard).toHaveLength(before + 1);
    expect(heard.at(-1)?.[0]?.fields.aliveUntil.getTime()).toBe(now() + 900_000);
    await log.stop();
  });

  it.each([
    ['hash', { hash: 'h2' }],
    ['status', { status: 'failed' }],
    ['error', { error: 'exit code 1' }],
    ['state', { state: 'behind' }],
    ['configRevision', { configRevision: 2 }],
    ['healthy', { healthy: false }],
    ['lastError', { lastError: 'no space' }],
    ['lacking', { lacking: ['receivers/kafka'] }],
    ['token', { token: 'token-2' }],
    ['transport', { transport: 'websocket' }],
  ] as const)('writes another %s at once', async (field, more) => {
    const { log, heard } = setUp();
    log.note(note());
    await soon();
    log.note(note(more));
    await soon();
    expect(heard).toHaveLength(2);
    expect(heard[1]?.[0]?.fields[field]).toEqual(Object.values(more)[0]);
    await log.stop();
  });

  it('says since when the health is as it is, where it changed before its eyes', async () => {
    const { log, heard, pass, now } = setUp();
    log.note(note());
    await soon();
    pass(7_000);
    log.note(note({ healthy: false }));
    await soon();
    expect(fields(heard[0])?.[0]).not.toHaveProperty('healthyChangedAt');
    expect(fields(heard[1])?.[0]?.healthyChangedAt?.getTime()).toBe(now());
    await log.stop();
  });

  it('notes an agent sooner after a change of its own config alone', async () => {
    const { log, heard, pass } = setUp();
    log.note(note());
    await soon();
    pass(6_000);
    log.note(note({ revision: 2, touched: 1 }));
    await soon();
    expect(heard).toHaveLength(1);
    log.note(note({ revision: 3, touched: 3 }));
    await soon();
    expect(heard[1]?.[0]?.fields.revision).toBe(3);
    await log.stop();
  });

  it('keeps one note an agent while MongoDB does not answer, however long that takes', async () => {
    const { log, heard, pass, answers } = setUp();
    let end: () => void = () => undefined;
    answers(() => new Promise((resolve) => (end = resolve)));
    log.note(note());
    await soon();
    for (let revision = 2; revision < 12; revision += 1) {
      pass(60_000);
      log.note(note({ revision, attributes: revision === 3 ? { 'host.name': 'a' } : undefined }));
      await soon();
    }
    end();
    await soon();
    end();
    await log.stop();
    expect(heard.map(([one]) => one?.fields.revision)).toEqual([1, 11]);
    // What an earlier one of them said stands, where the later ones left it out as unchanged.
    expect(heard[1]?.[0]?.fields.attributes).toEqual([{ name: 'host.name', value: 'a' }]);
  });

  it('says no more than that it lives of an agent of which messages were missed', async () => {
    const { log, heard, pass } = setUp();
    log.note(note({ certain: false, hash: undefined, state: 'behind', revision: 0 }));
    await soon();
    expect(heard[0]).toMatchObject([{ isPresence: true, isNew: true }]);
    // Each of these may be what it was, and not what another process wrote meanwhile.
    log.note(note());
    await soon();
    log.note(note({ certain: false, hash: 'old', state: 'behind', revision: 0 }));
    await soon();
    log.note(note());
    await soon();
    expect(heard.slice(1).map(([agent]) => agent)).toMatchObject([
      { isPresence: false, fields: { hash: 'h1', state: 'in_step', revision: 1 } },
      { isPresence: false, fields: { hash: 'h1', state: 'in_step', revision: 1 } },
    ]);
    pass(40_000);
    log.note(note({ certain: false, hash: 'old', state: 'behind', revision: 0 }));
    await soon();
    expect(heard[3]).toMatchObject([{ isPresence: true }]);
    await log.stop();
  });

  it('keeps what is certain and waits to be written apart from what is not', async () => {
    const { log, heard, now } = setUp();
    log.note(note({ hash: 'h2' }));
    log.note(note({ certain: false, hash: 'old', transport: 'websocket' }));
    await soon();
    expect(heard).toMatchObject([
      [
        {
          isPresence: false,
          fields: { hash: 'h2', transport: 'websocket', heardAt: new Date(now()) },
        },
      ],
    ]);
    await log.stop();
  });

  it('notes again what could not be written', async () => {
    const { log, heard, answers } = setUp();
    answers(() => Promise.reject(new Error('no database')));
    log.note(note());
    await soon();
    answers(() => Promise.resolve());
    log.note(note());
    await soon();
    expect(heard).toHaveLength(2);
    await log.stop();
  });

  it('stores attributes and components bounded, under names that mean something to nobody', async () => {
    const { log, heard } = setUp();
    const attributes = JSON.parse(
      `{"__proto__": "x", "$where": "y", "long": "${'z'.repeat(5_000)}"}`,
    ) as Record<string, string>;
    log.note(note({ attributes }));
    log.components('shared:default', uid(1), set({ receivers: ['otlp'], $set: ['nop'] }));
    await soon();
    expect(heard).toHaveLength(1);
    const [written] = fields(heard[0]) ?? [];
    expect(written?.attributes).toEqual([
      { name: '__proto__', value: 'x' },
      { name: '$where', value: 'y' },
      { name: 'long', value: 'z'.repeat(256) },
    ]);
    expect(written?.components).toEqual([
      { kind: 'receivers', types: ['otlp'] },
      { kind: '$set', types: ['nop'] },
    ]);
    await log.stop();
  });

  it('writes components once, whether they come before the first note or after it', async () => {
    const { log, heard } = setUp();
    const components = set({ receivers: ['otlp'] });
    log.components('shared:default', uid(1), components);
    log.note(note());
    await soon();
    expect(fields(heard[0])?.[0]?.components).toEqual([{ kind: 'receivers', types: ['otlp'] }]);
    log.components('shared:default', uid(1), components);
    await soon();
    expect(heard).toHaveLength(1);
    log.components('shared:default', uid(1), set({ receivers: ['nop'] }));
    await soon();
    expect(fields(heard[1])?.[0]?.components).toEqual([{ kind: 'receivers', types: ['nop'] }]);
    await log.stop();
  });

  it('keeps no lists of components, and lets few wait where each agent has another long one', async () => {
    const { log, heard, answers } = setUp({ flushMs: 60_000 });
    let written: () => void = () => undefined;
    answers(() => new Promise((resolve) => (written = resolve)));
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as () => void;
    gc();
    const before = process.memoryUsage().heapUsed;
    // Some 50 KB each, and two in memory for a name.
    for (let n = 0; n < 2_000; n += 1) {
      const types = Array.from({ length: 400 }, (_, i) => `type_${n}_${i}`.padEnd(63, 'x'));
      log.note(note({ instanceUid: uid(n) }));
      log.components('shared:default', uid(n), set({ receivers: types }));
    }
    gc();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(20 * 1024 * 1024);
    const stopped = log.stop();
    while (heard.flat().length < 2_000) {
      await soon();
      written();
    }
    await soon();
    written();
    await stopped;
    const withList = heard.flat().filter(({ fields }) => fields.components !== undefined);
    expect(withList.length).toBeGreaterThan(10);
    expect(withList.length).toBeLessThan(200);
  });

  it('writes a long list for every agent that has it', async () => {
    const { log, heard } = setUp();
    const types = Array.from({ length: 400 }, (_, i) => `type_${i}`.padEnd(63, 'x'));
    for (let n = 0; n < 500; n += 1) {
      log.note(note({ instanceUid: uid(n) }));
      log.components('shared:default', uid(n), set({ receivers: types }));
    }
    await log.stop();
    const lists = heard.flat().map(({ fields }) => fields.components?.[0]?.types.length);
    expect(lists).toEqual(Array.from({ length: 500 }, () => 400));
  });

  it.each([
    ['goodbye', 0],
    ['closed', 1_090_000],
    ['silent', 1_000_000],
  ] as const)('says after %s until when others wait for the agent', async (why, aliveUntil) => {
    const { log, gone, order } = setUp();
    log.note(note());
    log.gone('shared:default', uid(1), why);
    // Of one that nobody knew there is nothing to say.
    log.gone('shared:default', uid(2), why);
    await soon();
    expect(order).toEqual(['heard', 'gone']);
    expect(gone).toEqual([
      {
        shard: 'shared:default',
        instanceUid: uid(1),
        process: 'p1',
        goneAt: new Date(1_000_000),
        aliveUntil: new Date(aliveUntil),
      },
    ]);
    await log.stop();
  });

  it('an agent that is back before its end was written is not gone', async () => {
    const { log, gone, heard } = setUp();
    log.note(note());
    log.gone('shared:default', uid(1), 'closed');
    log.note(note());
    await soon();
    expect(gone).toEqual([]);
    expect(heard).toHaveLength(1);
    await log.stop();
  });

  it('ends an agent in its old place when it moves, and records the move once a minute', async () => {
    const { log, moves, heard, pass } = setUp();
    const one = { shard: 'shared:default', kind: 'shared', token: 't1' } as const;
    const two = { shard: 'named:eu', kind: 'named', token: 't2' } as const;
    log.note(note());
    log.moved(uid(1), one, two);
    log.note(note({ shard: 'named:eu', token: 't2' }));
    await soon();
    expect(heard.flat().map(({ shard }) => shard)).toEqual(['named:eu']);
    expect(moves).toEqual([{ instanceUid: uid(1), from: 'shared:default', to: 'named:eu' }]);
    log.moved(uid(1), two, one);
    log.moved(uid(1), one, two);
    await soon();
    expect(moves).toHaveLength(1);
    pass(60_000);
    log.moved(uid(1), two, one);
    await soon();
    expect(moves).toHaveLength(2);
    await log.stop();
  });

  it('another token of the same config is no move', async () => {
    const { log, moves } = setUp();
    const one = { shard: 'shared:default', kind: 'shared', token: 't1' } as const;
    log.note(note());
    log.moved(uid(1), one, { ...one, token: 't2' });
    await soon();
    expect(moves).toEqual([]);
    await log.stop();
  });

  it('looks after an agent that is new to this process, once it should have been heard of elsewhere', async () => {
    const asked: unknown[] = [];
    const moves: unknown[] = [];
    const store: AgentStore = {
      heard: () => Promise.resolve(),
      gone: () => Promise.resolve(),
      effectiveConfigs: () => Promise.resolve(),
      findMoves: (arrived) => {
        asked.push(...arrived.map(({ instanceUid }) => instanceUid));
        return Promise.resolve([{ instanceUid: uid(1), from: 'named:old', to: 'shared:default' }]);
      },
      move: (move) => {
        moves.push(move);
        return Promise.resolve();
      },
    };
    const { log, pass } = setUp({ store });
    log.note(note());
    await soon();
    pass(60_000);
    log.note(note());
    await soon();
    expect(asked).toEqual([]);
    pass(60_000);
    log.note(note());
    await soon();
    expect(asked).toEqual([uid(1)]);
    expect(moves).toHaveLength(1);
    pass(600_000);
    log.note(note());
    await soon();
    expect(asked).toHaveLength(1);
    await log.stop();
  });
});

describe('effective configs', () => {
  const files = (text: string, name = ''): ReadonlyMap<string, Uint8Array> =>
    new Map([[name, Buffer.from(text)]]);
  const textOf = ({ body }: ICollectorEffectiveConfig): string => gunzipSync(body).toString();
  const add = (log: AgentLog, n: number, of: ReadonlyMap<string, Uint8Array>): void =>
    log.effectiveConfig('shared:default', uid(n), of);
  const until = (holds: () => boolean) =>
    waitFor(() => Promise.resolve(holds()), { what: 'the texts to be kept', timeoutMs: 10_000 });

  it('are kept without secrets, the newest of each agent, and only where it is another one', async () => {
    const { log, texts } = setUp();
    add(log, 1, files('old'));
    add(log, 1, files('password: canary'));
    await until(() => texts.length === 1);
    expect(texts.map(textOf)).toEqual(['password: ***']);
    expect(texts[0]?._id).toBe(`shared:default/${uid(1)}`);
    add(log, 1, files('password: canary'));
    add(log, 1, new Map());
    add(log, 2, files('b: 1'));
    await until(() => texts.length === 2);
    expect(texts.map(textOf)).toEqual(['password: ***', 'b: 1']);
    await log.stop();
  });

  it('are one text, in the order of their files', async () => {
    const { log, texts } = setUp();
    add(
      log,
      1,
      new Map([
        ['b.yaml', Buffer.from('b: 1')],
        ['a.yaml', Buffer.from('a: 1')],
      ]),
    );
    await until(() => texts.length === 1);
    expect(textOf(texts[0]!)).toBe('# "a.yaml"\na: 1\n# "b.yaml"\nb: 1\n');
    await log.stop();
  });

  it('are copied: what the transport does with its buffer afterwards changes nothing', async () => {
    const { log, texts } = setUp();
    const bytes = Buffer.from('exporters: nop');
    add(log, 1, new Map([['', bytes]]));
    bytes.fill('x');
    await until(() => texts.length === 1);
    expect(textOf(texts[0]!)).toBe('exporters: nop');
    await log.stop();
  });

  it('are dropped where there is no room: one that is too large, and all beyond the bound', async () => {
    const { log, texts } = setUp({ effectiveLimits: { one: 100, waiting: 250 } });
    add(log, 1, files('x'.repeat(101)));
    for (let n = 2; n < 10; n += 1) add(log, n, files(`${n}`.repeat(100)));
    await until(() => texts.length === 2);
    await soon();
    expect(texts.map(textOf)).toEqual(['2'.repeat(100), '3'.repeat(100)]);
    // There is room again.
    add(log, 9, files('9'.repeat(100)));
    await until(() => texts.length === 3);
    await log.stop();
  });

  it('of one shard take neither the room nor the turns of another, however many there are', async () => {
    const { log, texts } = setUp({ effectiveLimits: { one: 100, waiting: 1_000 } });
    const of = (shard: string, n: number) =>
      log.effectiveConfig(shard, uid(n), files(`${shard}${n}`.padEnd(100, 'x')));
    for (let n = 0; n < 50; n += 1) of('evil', n);
    of('victim', 1);
    of('victim', 2);
    for (let n = 50; n < 100; n += 1) of('evil', n);
    await until(() => texts.length === 10);
    const order = texts.map(({ _id }) => _id.split('/')[0]);
    expect(order.slice(0, 4)).toEqual(['evil', 'victim', 'evil', 'victim']);
    expect(order.filter((shard) => shard === 'evil')).toHaveLength(8);
    await log.stop();
  });

  it('of new agents of a shard are kept up to a size a day, and those of known ones as ever', async () => {
    const { log, texts, pass } = setUp({ effectiveLimits: { newPerDay: 100 } });
    for (let n = 0; n < 20; n += 1) add(log, n, files(`of ${n}`));
    log.effectiveConfig('another', uid(1), files('of another'));
    await until(() => texts.some(({ _id }) => _id.startsWith('another')));
    await until(() => texts.length >= 4);
    const few = texts.length;
    expect(few).toBeLessThan(8);
    add(log, 0, files('of 0, changed'));
    await until(() => texts.some((text) => textOf(text) === 'of 0, changed'));
    pass(86_400_000);
    add(log, 100, files('a day later'));
    await until(() => texts.some((text) => textOf(text) === 'a day later'));
    await log.stop();
  });

  it('that cannot be kept hold nothing up', async () => {
    let fails = true;
    const kept: string[] = [];
    const store = {
      effectiveConfigs: (configs: readonly ICollectorEffectiveConfig[]) => {
        if (fails) return Promise.reject(new Error('no database'));
        kept.push(...configs.map(textOf));
        return Promise.resolve();
      },
    } as AgentStore;
    const { log } = setUp({ store });
    add(log, 1, files('a'));
    await soon();
    fails = false;
    add(log, 1, files('a'));
    await until(() => kept.length === 1);
    await log.stop();
  });
});
