import type { Fleet } from '../fleet';
import { AgentCapability, hasCapability } from '../proto/codec';
import type { AgentMessage, ConfigStatus } from '../proto/codec';
import { isInconclusive } from './failures';

/** How often in a row an agent is asked for its full state: one that cannot send it is served without. */
const MAX_ASKED = 3;
/**
 * An agent that was told to poll every 5 s, and is not here again before this, was told in an answer that it never got: one that
 * keeps its own interval of 30 s takes six times as long to follow a change.
 */
const OFFERED_MS = 20_000;

/** An agent's error text is a reason, not a dump. */
const MAX_ERROR_CHARACTERS = 1_000;

/** What this process remembers of an agent between two messages: some 0.5 KB. */
export interface AgentState {
  sequence: bigint;
  capabilities: bigint;
  /** Hash of the last config the agent said it got, hex; `undefined` until it said so. */
  configHash: string | undefined;
  configStatus: ConfigStatus;
  /** Without secrets. */
  configError: string;
  /** Whether what it says of its health is said of that config; while it is applied, it may be of the one before. */
  settled: boolean;
  /** Hash of what it was sent last, and when. */
  sentHash: string | undefined;
  sentAt: number;
  healthy: boolean | undefined;
  /** Without secrets. */
  lastError: string;
  /** How often it was asked for its full state since a message was missing; 0: nothing is missing. */
  asked: number;
  /** A message before the last one was missing, and it was no full state: what is known may be outdated. */
  uncertain: boolean;
  heartbeatOffered: boolean;
  /** When it was heard of, milliseconds. */
  heardAt: number;
  /** Hash of its components, its own word. */
  components: string | undefined;
  componentsAskedAt: number | undefined;
  /** What it lacked of a config, by its own list: that counts also once the list itself had to make room. */
  lacked: { hash: string; types: readonly string[] } | undefined;
}

/** Where an agent speaks. */
interface Place {
  /** The clock, in milliseconds. */
  now: number;
  shard: string;
  fleet: Pick<Fleet, 'redact' | 'ranBefore'>;
  /** The message is the first of a connection: what was sent over the one before may be lost. */
  reconnected: boolean;
}

/** What an agent says of configs. */
type ConfigWord = Pick<AgentState, 'capabilities' | 'configHash' | 'configStatus' | 'configError'>;

/** A text without secrets, and of a length that can be kept. */
function clean(text: string, fleet: Pick<Fleet, 'redact'>): string {
  if (text === '') return '';
  // What a supervisor hands on of a program's output ends with a line break.
  const redacted = fleet.redact(text).trim();
  if (redacted.length <= MAX_ERROR_CHARACTERS) return redacted;
  // A slice would keep the whole of it in memory.
  return Buffer.from(redacted.slice(0, MAX_ERROR_CHARACTERS)).toString();
}

/**
 * Whether an agent's health is that of the config it reports on. The supervisor passes on the old collector's until the new one
 * runs, which then tells of its own config; a config reported whole with the full state may still be the old one. An agent that
 * never reports its config cannot be judged so.
 */
function isSettled(
  message: AgentMessage,
  before: AgentState | undefined,
  after: ConfigWord,
  { shard, fleet }: Place,
): boolean {
  if (!hasCapability(after.capabilities, AgentCapability.ReportsEffectiveConfig)) return true;
  if (after.configStatus === 'applied' || after.configHash === undefined) return true;
  // Heard whole for the first time, maybe after a message that said nothing: by a process of ours that has just begun.
  if (!before || (before.configHash === undefined && message.attributes)) {
    if (isInconclusive(after.configError)) return true;
    return (
      after.configStatus === 'applying' &&
      fleet.ranBefore(shard, message.instanceUid, after.configHash)
    );
  }
  const began = after.configStatus === 'applying' && before.configStatus !== 'applying';
  if (began || after.configHash !== before.configHash) return false;
  return before.settled || (message.effectiveConfig !== undefined && !message.attributes);
}

/**
 * What is known of an agent after a message, and of what was known before it, that which still counts.
 *
 * @param known what was remembered of it, if anything.
 */
export function remember(
  message: AgentMessage,
  known: AgentState | undefined,
  place: Place,
): { state: AgentState; before: AgentState | undefined } {
  // State is sent once and left out while it lasts: with a message missing, ours may be outdated.
  const continuous = known !== undefined && message.sequence === known.sequence + 1n;
  const full = message.attributes !== undefined;
  const before = continuous || !full ? known : undefined;
  const missing = !full && (!continuous || known.asked > 0);
  const asked = known?.asked ?? 0;
  const gaveUp = !missing || asked >= MAX_ASKED;
  // One that does not number its messages is taken at its word; of one that does, the others went to another process.
  const isNumbered = message.sequence !== known?.sequence;

  const capabilities = message.capabilities || (before?.capabilities ?? 0n);
  const report = message.remoteConfig;
  const { fleet, now } = place;
  const sentHash = continuous && !place.reconnected ? known.sentHash : undefined;
  const mute = !hasCapability(capabilities, AgentCapability.ReportsRemoteConfig);
  const config: ConfigWord = {
    capabilities,
    // One that does not report on configs is taken at our word, from its next message on.
    configHash: report ? report.hash || undefined : (mute && sentHash) || before?.configHash,
    configStatus: report?.status ?? (mute ? 'applied' : (before?.configStatus ?? 'unset')),
    configError: report ? clean(report.error, fleet) : (before?.configError ?? ''),
  };
  const components = message.components?.hash ?? before?.components;
  return {
    before,
    // Field by field: with a spread in it this literal costs more than all else that a message does.
    state: {
      sequence: message.sequence,
      capabilities,
      configHash: config.configHash,
      configStatus: config.configStatus,
      configError: config.configError,
      settled: isSettled(message, before, config, place),
      sentHash,
      sentAt: known?.sentAt ?? 0,
      healthy: message.health?.healthy ?? before?.healthy,
      lastError: message.health
        ? clean(message.health.lastError, fleet)
        : (before?.lastError ?? ''),
      asked: gaveUp ? 0 : asked + 1,
      uncertain: missing && (!gaveUp || isNumbered),
      heartbeatOffered: continuous && known.heartbeatOffered && now - known.heardAt < OFFERED_MS,
      heardAt: now,
      components,
      componentsAskedAt: components === before?.components ? before?.componentsAskedAt : undefined,
      lacked: components === before?.components ? before?.lacked : undefined,
    },
  };
}
