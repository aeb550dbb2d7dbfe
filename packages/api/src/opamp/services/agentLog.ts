import { agentKey } from '../../controllers/collectorAgents';
import type { GoneAgent, HeardAgent } from '../../controllers/collectorAgents';
import type { ICollectorAgent } from '../../models/collectorAgent';
import type { ICollectorEffectiveConfig } from '../../models/collectorEffectiveConfig';
import type { Metrics } from '../../metrics';
import type { Logger } from '../../utils/logger';
import type {
  Admitted,
  AgentLog as AgentLogPort,
  AgentNote,
  ComponentTypes,
  Departure,
  KnownComponents,
} from '../fleet';
import { capabilityNames } from '../proto/codec';
import { EffectiveConfigs } from './effectiveConfigs';
import type { EffectiveConfigLimits } from './effectiveConfigs';
import { Moves } from './moves';
import type { MoveStore } from './moves';

/** Where it is all kept. */
export interface AgentStore extends MoveStore {
  heard(agents: readonly HeardAgent[]): Promise<void>;
  gone(agents: readonly GoneAgent[]): Promise<void>;
  effectiveConfigs(configs: readonly ICollectorEffectiveConfig[]): Promise<void>;
}

export interface AgentLogOptions {
  store: AgentStore;
  /** Names this process: an agent that speaks to another by now is not gone. */
  processId: string;
  /** How long an agent is remembered after it was heard of last. */
  retentionDays: number;
  /** Takes secrets out of an effective config. */
  redactEffective(text: string): string | Promise<string>;
  log: Logger;
  metrics: Metrics;
  now?: () => number;
  flushMs?: number;
  effectiveLimits?: Partial<EffectiveConfigLimits>;
}

/** How soon other processes see what an agent runs. */
const FLUSH_MS = 1_000;
/** Agents noted in this process; as many as it remembers otherwise. */
const MAX_AGENTS = 100_000;
/**
 * Of one write. FerretDB 1.24 holds one of its hundred connections to SQLite for each update of a command until the command
 * ends, and hangs where they run out: several processes, and others' commands, need theirs beside it.
 */
const BATCH = 25;

/** An agent that stays as it is is noted again after this time, to show that it lives. */
const AGAIN_MS = 30_000;
const AGAIN_MAX_MS = 5 * 60_000;
/** From so many agents on the time grows with them: that they live is 33 writes a second, however many they are. */
const AGAIN_AGENTS = 1_000;
/** How many times this time may pass before an agent counts as dead. */
const MISSED = 3;
/** One that runs what it ran, after a change of what its config is made of, is noted this many times as soon: secrets wait for it. */
const SOONER = 6;

/** How long one whose connection ended counts as alive: after a restart of ours it is back within seconds. */
const CLOSED_MS = 90_000;
const DAY_MS = 86_400_000;

const MAX_ATTRIBUTES = 16;
const MAX_ATTRIBUTE_CHARACTERS = 256;
const MAX_TEXT_CHARACTERS = 2_000;
const MAX_LACKING = 50;
/** Far more than any distribution of the collector has (otelcol-contrib: about 130 receivers). */
const MAX_TYPES = 500;
/** Of the lists of components that wait to be written: those of some hundred collectors that differ from each other. */
const MAX_COMPONENT_BYTES = 4 * 1024 * 1024;

/** What was written of an agent last. */
interface Noted {
  note: AgentNote;
  /** Id of its components: each agent may have a list of its own, and a long one. */
  components: string | undefined;
  /** Another process may have written something else meanwhile: what is certain next is news. */
  partial: boolean;
  at: number;
}

/** What is to be written of an agent. */
interface Waiting {
  heard?: HeardAgent;
  gone?: GoneAgent;
  /** Id of components that are still to be written; those of an agent that is not noted yet wait for it. */
  components?: string;
}

/** What waits to be written. */
class Waitings {
  readonly agents = new Map<string, Waiting>();
  /** Each once, whoever has it. */
  private readonly sets = new Map<string, ComponentTypes>();
  private bytes = 0;

  /** @returns false where there is no room for them. */
  keep({ id, types, bytes }: KnownComponents): boolean {
    if (this.sets.has(id)) return true;
    if (this.bytes + bytes > MAX_COMPONENT_BYTES) return false;
    this.bytes += bytes;
    this.sets.set(id, types);
    return true;
  }

  /** @returns the agents to be written, a batch at a time, with their components. */
  *batches(size: number): Generator<[string, Waiting][]> {
    const agents = [...this.agents];
    for (let from = 0; from < agents.length; from += size) {
      yield agents.slice(from, from + size).map(([key, waiting]) => [key, this.whole(waiting)]);
    }
  }

  private whole(waiting: Waiting): Waiting {
    const { heard, components } = waiting;
    const types = components === undefined ? undefined : this.sets.get(components);
    if (!heard || !types) return waiting;
    const fields = { ...heard.fields, components: componentsOf(types) };
    return { ...waiting, heard: { ...heard, fields } };
  }
}

/** Whether an agent came another way, which is certain also where its state is not. */
const hasMoved = (note: AgentNote, known: AgentNote): boolean =>
  note.token !== known.token || note.transport !== known.transport;

/** Whether anything but the number of the change it was built from is another one. */
function isNews(note: AgentNote, { note: known, partial }: Noted): boolean {
  if (!note.certain) return hasMoved(note, known);
  return (
    partial ||
    hasMoved(note, known) ||
    note.attributes !== undefined ||
    note.capabilities !== known.capabilities ||
    note.hash !== known.hash ||
    note.status !== known.status ||
    note.error !== known.error ||
    note.state !== known.state ||
    note.configRevision !== known.configRevision ||
    note.healthy !== known.healthy ||
    note.lastError !== known.lastError ||
    note.lacking.length !== known.lacking.length ||
    note.lacking.some((type, index) => type !== known.lacking[index])
  );
}

const bounded = (text: string): string => text.slice(0, MAX_TEXT_CHARACTERS);

function attributesOf(attributes: AgentNote['attributes'] = {}): ICollectorAgent['attributes'] {
  return Object.entries(attributes)
    .slice(0, MAX_ATTRIBUTES)
    .map(([name, value]) => ({
      name: name.slice(0, MAX_ATTRIBUTE_CHARACTERS),
      value: value.slice(0, MAX_ATTRIBUTE_CHARACTERS),
    }));
}

function componentsOf(components: ComponentTypes): ICollectorAgent['components'] {
  return Object.entries(components)
    .slice(0, MAX_ATTRIBUTES)
    .map(([kind, types]) => ({ kind, types: types.slice(0, MAX_TYPES) }));
}

/**
 * Notes in MongoDB how agents stand: only what changed, together once a second and one write after the other, so that a
 * poll that changes nothing costs a look-up. While MongoDB is away the last state of each agent waits.
 */
export class AgentLog implements AgentLogPort {
  private readonly noted = new Map<string, Noted>();
  private waiting = new Waitings();
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private readonly now: () => number;
  private readonly effective: EffectiveConfigs;
  private readonly moves: Moves;

  constructor(private readonly options: AgentLogOptions) {
    const { store, log, metrics, effectiveLimits: limits } = options;
    const now = (this.now = options.now ?? Date.now);
    this.moves = new Moves({ store, log, now });
    this.effective = new EffectiveConfigs({
      write: ({ key, at, ...kept }) =>
        store.effectiveConfigs([{ _id: key, at, ...kept, forgetAt: this.forgetAt(at.getTime()) }]),
      redact: (text) => options.redactEffective(text),
      log,
      metrics,
      now,
      ...(limits ? { limits } : {}),
    });
  }

  note(note: AgentNote): void {
    const key = agentKey(note);
    const { token, transport } = note;
    const known = this.noted.get(key);
    const at = this.now();
    const news = known === undefined || isNews(note, known);
    if (known && !note.certain) known.partial = true;
    const isTouched = note.certain && (known?.note.revision ?? 0) < note.touched;
    if (!news && at - known.at < this.patience(isTouched)) return;
    if (!known) this.moves.arrived(note);
    const components = this.waiting.agents.get(key)?.components ?? known?.components;
    // What is kept is what was written.
    const kept = note.certain || !known ? note : { ...known.note, token, transport };
    const partial = !note.certain;
    this.remember(key, { note: { ...kept, attributes: undefined }, components, partial, at });
    this.wait(key, (waiting) => ({
      ...(waiting.components === undefined ? {} : { components: waiting.components }),
      heard: {
        shard: note.shard,
        instanceUid: note.instanceUid,
        isNew: waiting.heard?.isNew ?? known === undefined,
        isPresence: !note.certain && (waiting.heard?.isPresence ?? true),
        // Kept from what still waits: the newest of each that is certain.
        fields: note.certain
          ? { ...waiting.heard?.fields, ...this.fieldsOf(note, known, at) }
          : {
              ...this.fieldsOf(note, known, at),
              ...waiting.heard?.fields,
              ...this.presenceOf(note, at),
            },
      },
    }));
  }

  /** Id of the token that an agent came with last; `undefined` where it is gone, or was never noted. */
  tokenOf(shard: string, instanceUid: string): string | undefined {
    return this.noted.get(agentKey({ shard, instanceUid }))?.note.token;
  }

  effectiveConfig(
    shard: string,
    instanceUid: string,
    files: ReadonlyMap<string, Uint8Array>,
  ): void {
    this.effective.add(agentKey({ shard, instanceUid }), files);
  }

  components(shard: string, instanceUid: string, components: KnownComponents): void {
    const key = agentKey({ shard, instanceUid });
    const known = this.noted.get(key);
    const { id } = components;
    if (known?.components === id) return;
    if (!this.waiting.keep(components)) {
      // Written when it lists them again.
      this.options.log.warn({ shard, agent: instanceUid }, 'too many lists of components at once');
      return;
    }
    if (!known) {
      this.wait(key, (waiting) => ({ ...waiting, components: id }));
      return;
    }
    known.components = id;
    this.wait(key, ({ heard, gone }) => ({
      components: id,
      ...(gone ? { gone } : {}),
      heard: {
        shard,
        instanceUid,
        isNew: false,
        isPresence: known.partial,
        ...heard,
        fields: heard?.fields ?? this.fieldsOf(known.note, known, this.now()),
      },
    }));
  }

  gone(shard: string, instanceUid: string, why: Departure): void {
    const key = agentKey({ shard, instanceUid });
    this.moves.left({ shard, instanceUid });
    if (!this.noted.delete(key)) return;
    const at = this.now();
    // Nobody waits for one that said goodbye or is to get nothing more, not even where others were not heard for a while.
    const aliveUntil = { goodbye: 0, revoked: 0, closed: at + CLOSED_MS, silent: at }[why];
    const { processId: process } = this.options;
    const times = { goneAt: new Date(at), aliveUntil: new Date(aliveUntil) };
    this.wait(key, (waiting) => ({
      ...waiting,
      gone: { shard, instanceUid, process, ...times },
    }));
  }

  moved(instanceUid: string, from: Admitted, to: Admitted): void {
    if (from.shard === to.shard) return;
    const before = { shard: from.shard, instanceUid };
    const key = agentKey(before);
    this.noted.delete(key);
    this.waiting.agents.delete(key);
    this.effective.forget(key);
    this.moves.left(before);
    this.moves.add({ instanceUid, from: from.shard, to: to.shard });
    this.flushSoon();
  }

  /** Writes what is left of the agents; effective configs that wait are let go. */
  async stop(): Promise<void> {
    clearTimeout(this.timer);
    await Promise.all([this.running, this.effective.stop()]);
    this.flush();
    await this.running;
  }

  /** How long an agent that stays as it is need not be noted. */
  private get againMs(): number {
    return Math.min(AGAIN_MAX_MS, AGAIN_MS * Math.max(1, this.noted.size / AGAIN_AGENTS));
  }

  private patience(isTouched: boolean): number {
    return isTouched ? this.againMs / SOONER : this.againMs;
  }

  private forgetAt(at: number): Date {
    return new Date(at + this.options.retentionDays * DAY_MS);
  }

  private fieldsOf(note: AgentNote, known: Noted | undefined, at: number): HeardAgent['fields'] {
    const healthy = note.healthy ?? null;
    const changed = known !== undefined && known.note.healthy !== note.healthy;
    return {
      ...this.presenceOf(note, at),
      capabilities: capabilityNames(note.capabilities),
      ...(note.attributes ? { attributes: attributesOf(note.attributes) } : {}),
      hash: note.hash ?? null,
      status: note.status,
      state: note.state,
      revision: note.revision,
      configRevision: note.configRevision ?? null,
      error: bounded(note.error),
      lacking: note.lacking.slice(0, MAX_LACKING),
      healthy,
      ...(changed && healthy !== null ? { healthyChangedAt: new Date(at) } : {}),
      lastError: bounded(note.lastError),
    };
  }

  private presenceOf({ token, transport }: AgentNote, at: number) {
    return {
      token,
      process: this.options.processId,
      transport,
      heardAt: new Date(at),
      aliveUntil: new Date(at + MISSED * this.againMs),
      forgetAt: this.forgetAt(at),
    };
  }

  private remember(key: string, noted: Noted): void {
    this.noted.delete(key);
    if (this.noted.size >= MAX_AGENTS) {
      const [oldest] = this.noted.keys();
      if (oldest !== undefined) this.noted.delete(oldest);
    }
    this.noted.set(key, noted);
  }

  private wait(key: string, change: (waiting: Waiting) => Waiting): void {
    // While MongoDB is away: each is noted again with a later message.
    if (this.waiting.agents.size >= MAX_AGENTS) this.forgetWaiting();
    this.waiting.agents.set(key, change(this.waiting.agents.get(key) ?? {}));
    this.flushSoon();
  }

  private forgetWaiting(): void {
    for (const key of this.waiting.agents.keys()) this.noted.delete(key);
    this.waiting = new Waitings();
  }

  private flushSoon(): void {
    this.timer ??= setTimeout(() => this.flush(), this.options.flushMs ?? FLUSH_MS).unref();
  }

  /** One write after the other: of two on one agent, the later stands. While one lasts, what comes is gathered. */
  private flush(): void {
    this.timer = undefined;
    this.running ??= this.writeAll().finally(() => (this.running = undefined));
  }

  private async writeAll(): Promise<void> {
    while (this.waiting.agents.size > 0) {
      const { waiting } = this;
      this.waiting = new Waitings();
      for (const batch of waiting.batches(BATCH)) await this.write(batch);
    }
    await this.moves.round(MISSED * this.againMs);
  }

  private async write(batch: readonly [string, Waiting][]): Promise<void> {
    const { store, log } = this.options;
    try {
      await store.heard(batch.flatMap(([, { heard }]) => (heard ? [heard] : [])));
      await store.gone(batch.flatMap(([, { gone }]) => (gone ? [gone] : [])));
    } catch (error) {
      log.warn({ err: error, agents: batch.length }, 'agents could not be noted');
      // Each is noted again with its next message.
      for (const [key] of batch) this.noted.delete(key);
    }
  }
}
