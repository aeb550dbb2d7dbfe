import { AgentCapability, ServerCapability } from '../proto/codec';
import type { AgentMessage, ServerMessage } from '../proto/codec';
import type { Offer } from './offers';
import type { AgentState } from './registry';

const CAPABILITIES =
  ServerCapability.AcceptsStatus |
  ServerCapability.OffersRemoteConfig |
  ServerCapability.AcceptsEffectiveConfig |
  ServerCapability.OffersConnectionSettings;

/** Seconds between polls that we ask HTTP agents for; a supervisor's own default is 30. */
export const HEARTBEAT_SECONDS = 5;

const has = (capabilities: bigint, bit: bigint): boolean => (capabilities & bit) !== 0n;

/**
 * The interval may be set where the agent reports heartbeats. Not where it also accepts OpAMP connection
 * settings: such an agent would connect anew with what was offered, that is without its token.
 */
function takesInterval(capabilities: bigint): boolean {
  return (
    has(capabilities, AgentCapability.ReportsHeartbeat) &&
    !has(capabilities, AgentCapability.AcceptsOpAMPConnectionSettings)
  );
}

export interface Answer {
  reply: ServerMessage;
  /** What to remember; `undefined` where the agent said goodbye. */
  state: AgentState | undefined;
}

/**
 * Decides the answer to one message of an agent: the config only where the agent's last one differs from
 * the one meant for it, its full state asked for where messages are missing.
 *
 * @param known what was remembered of the agent, if anything.
 * @param offer the config of the agent's group; `undefined` where there is none now.
 * @param newUid draws an instance UID (16 bytes).
 */
export function answer(
  message: AgentMessage,
  known: AgentState | undefined,
  offer: Offer | undefined,
  newUid: () => Uint8Array,
): Answer {
  const reply: ServerMessage = { instanceUid: message.instanceUid, capabilities: CAPABILITIES };
  if (message.disconnects) return { reply, state: undefined };

  // State is sent once and left out while it lasts: with a message missing, ours may be outdated.
  const continuous = known !== undefined && message.sequence === known.sequence + 1n;
  if (!continuous && !message.described) reply.reportFullState = true;

  const state: AgentState = {
    sequence: message.sequence,
    configHash: message.remoteConfig?.hash ?? known?.configHash,
    configStatus: message.remoteConfig?.status ?? known?.configStatus ?? 'unset',
    healthy: message.health?.healthy ?? known?.healthy,
    heartbeatOffered: continuous && known.heartbeatOffered,
  };

  if (
    offer &&
    reply.reportFullState !== true &&
    has(message.capabilities, AgentCapability.AcceptsRemoteConfig) &&
    state.configHash !== offer.hashHex
  ) {
    reply.remoteConfig = { body: offer.body, hash: offer.hash };
    // An agent that does not report would be sent it again with every poll.
    if (!has(message.capabilities, AgentCapability.ReportsRemoteConfig))
      state.configHash = offer.hashHex;
  }
  if (!state.heartbeatOffered && takesInterval(message.capabilities)) {
    reply.heartbeatSeconds = HEARTBEAT_SECONDS;
    state.heartbeatOffered = true;
  }
  if (message.requestsInstanceUid) reply.newInstanceUid = newUid();
  return { reply, state };
}
