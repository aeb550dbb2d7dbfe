import type { AgentConfigState, Transport } from '@hyperdx-tenancy/domain/contracts/collectorAgent';

import type { ConfigReport, Fleet, KnownComponents, Offer } from '../fleet';
import { AgentCapability, hasCapability } from '../proto/codec';
import type { AgentMessage, ServerMessage } from '../proto/codec';
import { remember } from './agentState';
import type { AgentState } from './agentState';
import { componentsId, ComponentSet } from './componentSets';
import type { ComponentSets } from './componentSets';
import { isInconclusive } from './failures';

export type { AgentState } from './agentState';

/** Seconds between polls that we ask HTTP agents for; a supervisor's own default is 30. */
export const HEARTBEAT_SECONDS = 5;

/**
 * How long an agent has to say something of a config that it was sent before it is sent again. The supervisor answers
 * within a second; what was lost on the way costs no more than this.
 */
export const RESEND_MS = 15_000;

/** How long an agent's config waits for the list of its components. */
export const COMPONENTS_WAIT_MS = 3_000;
/** How long a list that had to make room is not asked for again. */
const COMPONENTS_AGAIN_MS = 60_000;

/** Where a conversation takes place. */
export interface Setting {
  shard: string;
  transport: Transport;
  /** Told of news before it is asked for an offer, so that a config that failed is not offered once more. */
  fleet: Pick<Fleet, 'offerFor' | 'reported' | 'health' | 'ranBefore' | 'redact'>;
  components: ComponentSets;
  /** Milliseconds, of a clock that does not go back. */
  now: number;
  /** Draws an instance UID (16 bytes). */
  newUid(): Uint8Array;
  /** Another agent of the shard is alive under this instance UID. */
  uidTaken: boolean;
  /** The first message of a connection: what was sent over the one before may be lost. */
  reconnected: boolean;
}

/** What was not known before a message, each part only where it is news. */
export interface News {
  config?: ConfigReport;
  healthy?: boolean;
  components?: KnownComponents;
}

export interface Answer {
  reply: ServerMessage;
  /** The config that goes with the reply. */
  offer: Offer | undefined;
  /** What to remember; `undefined` where there will be no more of this agent under this instance UID. */
  state: AgentState | undefined;
  news: News;
  standing: AgentConfigState;
  /** Component types that keep its config from it. */
  lacking: readonly string[];
}

/** What a message says that was not known before. */
function newsOf(
  message: AgentMessage,
  state: AgentState,
  before: AgentState | undefined,
  set: ComponentSet | undefined,
  isBack: boolean,
): News {
  const news: News = {};
  const { configHash: hash, configStatus: status, configError: error, healthy } = state;
  const reported =
    hash !== before?.configHash ||
    status !== before?.configStatus ||
    error !== before.configError ||
    state.settled !== before.settled;
  // How it fared was forgotten when it was gone; it says no more than what is new to it.
  const again = isBack && before !== undefined;
  if (((message.remoteConfig && reported) || again) && hash !== undefined) {
    news.config = { hash, status, error };
  }
  // While a config is being applied, each word on its health counts.
  const changed = healthy !== before?.healthy || reported || status === 'applying';
  const isHealthNews = (message.health !== undefined && changed) || again;
  if (isHealthNews && healthy !== undefined && (state.settled || !healthy)) news.healthy = healthy;
  if (set && (message.components?.types || state.components !== before?.components))
    news.components = set;
  return news;
}

/** How an agent stands to the config meant for it. */
function standingOf(
  state: AgentState,
  offer: Offer | undefined,
  withheld: boolean,
): AgentConfigState {
  if (!offer || !hasCapability(state.capabilities, AgentCapability.AcceptsRemoteConfig))
    return 'none';
  if (state.configHash !== offer.hashHex) return withheld ? 'withheld' : 'behind';
  // The supervisor says so only when `config_apply_timeout` ran out, and never after it failed for its time alone.
  const runs =
    state.configStatus === 'applied' ||
    (state.settled &&
      state.healthy === true &&
      (state.configStatus === 'applying' || isInconclusive(state.configError)));
  if (runs) return 'in_step';
  return state.configStatus === 'applying' || state.configStatus === 'failed'
    ? state.configStatus
    : 'behind';
}

/** Whether the interval of an agent's polls may be set. */
function takesInterval(state: AgentState, { transport }: Setting): boolean {
  return (
    transport === 'http' &&
    hasCapability(state.capabilities, AgentCapability.ReportsHeartbeat) &&
    // Such an agent would connect anew with what was offered, that is without its token.
    !hasCapability(state.capabilities, AgentCapability.AcceptsOpAMPConnectionSettings)
  );
}

/** Whether an agent is due a config: not while it may be about to report that it has it. */
function isDue(state: AgentState, offer: Offer, now: number): boolean {
  if (!hasCapability(state.capabilities, AgentCapability.AcceptsRemoteConfig)) return false;
  if (state.asked > 0 || state.configHash === offer.hashHex) return false;
  return state.sentHash !== offer.hashHex || now - state.sentAt >= RESEND_MS;
}

/** What an agent lacks for a config; noted in the state. */
function lackingOf(state: AgentState, set: ComponentSet | undefined, meant: Offer): string[] {
  const { hashHex: hash, requires } = meant;
  if (!set) return state.lacked?.hash === hash ? [...state.lacked.types] : [];
  const types = set.lacking(requires);
  state.lacked = types.length > 0 ? { hash, types } : undefined;
  return types;
}

/**
 * Decides on the config, and notes in the state what was decided.
 * @param hasTold the agent has just listed its components.
 */
function decide(
  instanceUid: string,
  state: AgentState,
  set: ComponentSet | undefined,
  { shard, fleet, now }: Pick<Setting, 'shard' | 'fleet' | 'now'>,
  hasTold = false,
): Pick<Answer, 'offer' | 'standing' | 'lacking'> {
  const meant = fleet.offerFor(shard, instanceUid);
  const due = meant !== undefined && isDue(state, meant, now);
  // What is lacking is said of an agent for as long as it is not given its config, asked for more or not.
  const differs = meant !== undefined && state.configHash !== meant.hashHex;
  const lacking = differs ? lackingOf(state, set, meant) : [];
  const waits =
    !set &&
    !hasTold &&
    state.componentsAskedAt !== undefined &&
    now - state.componentsAskedAt < COMPONENTS_WAIT_MS;
  const offer = due && !waits && lacking.length === 0 ? meant : undefined;
  if (offer) {
    state.sentHash = offer.hashHex;
    state.sentAt = now;
  }
  return { offer, standing: standingOf(state, meant, lacking.length > 0), lacking };
}

/**
 * Answers a message of an agent: with the config only where the agent's last one differs from the one meant for it and it has
 * the components for it, with a request for its full state where messages are missing. Touches memory alone.
 *
 * @param known what was remembered of the agent, if anything.
 */
export function answer(
  message: AgentMessage,
  known: AgentState | undefined,
  setting: Setting,
): Answer {
  const { shard, fleet, components, now } = setting;
  const { instanceUid } = message;
  const reply: ServerMessage = { instanceUid };
  if (message.disconnects || message.requestsInstanceUid || setting.uidTaken) {
    if (!message.disconnects) reply.newInstanceUid = setting.newUid();
    return { reply, offer: undefined, state: undefined, news: {}, standing: 'none', lacking: [] };
  }

  const { state, before } = remember(message, known, setting);
  const list = message.components?.types;
  if (list && message.components) components.add(shard, message.components.hash, list);
  // What it says itself counts for it in any case.
  const set =
    (state.components === undefined ? undefined : components.get(shard, state.components)) ??
    (list && new ComponentSet(componentsId(list), list));
  const news = newsOf(message, state, before, set, setting.reconnected);
  if (news.config) fleet.reported(shard, instanceUid, news.config);
  if (news.healthy !== undefined) fleet.health(shard, instanceUid, news.healthy, state.configHash);

  if (state.asked > 0) reply.reportFullState = true;
  if (!set && state.components !== undefined && state.componentsAskedAt === undefined) {
    if (hasCapability(state.capabilities, AgentCapability.ReportsAvailableComponents)) {
      reply.reportAvailableComponents = true;
      state.componentsAskedAt = now;
    }
  }
  if (!state.heartbeatOffered && takesInterval(state, setting)) {
    reply.heartbeatSeconds = HEARTBEAT_SECONDS;
    state.heartbeatOffered = true;
  }
  const { offer, standing, lacking } = decide(instanceUid, state, set, setting, list !== undefined);
  // It was another agent that said so, or it is too long ago to be remembered: this one is asked itself.
  const asked = state.componentsAskedAt;
  const isForgotten = !set && asked !== undefined && now - asked >= COMPONENTS_AGAIN_MS;
  if (lacking.length > 0 && !list && (asked === undefined || isForgotten)) {
    reply.reportAvailableComponents = true;
    state.componentsAskedAt = now;
  }
  return { reply, offer, state, news, standing, lacking };
}

/**
 * What to send an agent that said nothing, over a connection that allows it, when what is meant for it changed: `reply` goes
 * out only with an `offer`.
 *
 * @param known what is remembered of the agent.
 */
export function push(
  instanceUid: string,
  known: AgentState,
  setting: Pick<Setting, 'shard' | 'fleet' | 'components' | 'now'>,
): Answer & { state: AgentState } {
  const state = { ...known };
  const set =
    state.components === undefined
      ? undefined
      : setting.components.get(setting.shard, state.components);
  return { ...decide(instanceUid, state, set, setting), reply: { instanceUid }, state, news: {} };
}
