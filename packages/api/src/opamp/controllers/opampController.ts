import { randomBytes } from 'node:crypto';

import { groupId } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import type { CollectorGroup } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import type { Metrics } from '../../metrics';
import { hashToken, redact } from '../../utils/secrets';
import type { Logger } from '../../utils/logger';
import { AgentCapability, decodeAgentMessage, encodeServerMessage } from '../proto/codec';
import type { AgentMessage } from '../proto/codec';
import { answer } from '../services/conversation';
import type { Offer, Offers } from '../services/offers';
import type { Progress } from '../services/progress';
import type { AgentRegistry, AgentState } from '../services/registry';

export { buildOtelCollectorConfig } from '../../controllers/collectorConfigs';

export interface OpampController {
  /**
   * Decides from a token alone, before a body is read, which group's agents may speak here.
   * @throws TenancyError `unauthorized`.
   */
  admit(token: string | undefined): CollectorGroup;
  /** Answers one message of an admitted agent. @throws TenancyError `invalid_opamp_message`. */
  handle(group: CollectorGroup, body: Uint8Array): Uint8Array;
}

/** A UUID version 7 (RFC 9562, section 5.7), as instance UIDs should be. */
function newInstanceUid(): Uint8Array {
  const uid = randomBytes(16);
  uid.writeUIntBE(Date.now(), 0, 6);
  uid[6] = ((uid[6] ?? 0) & 0x0f) | 0x70;
  uid[8] = ((uid[8] ?? 0) & 0x3f) | 0x80;
  return uid;
}

/** An agent's error text is a reason, not a dump. */
const MAX_ERROR_CHARACTERS = 2_000;

/** A message that says of a config what was not known. */
type Report = AgentMessage & { remoteConfig: NonNullable<AgentMessage['remoteConfig']> };

function isNews(message: AgentMessage, known: AgentState | undefined): message is Report {
  const { remoteConfig } = message;
  if (!remoteConfig) return false;
  return remoteConfig.status !== known?.configStatus || remoteConfig.hash !== known.configHash;
}

/**
 * Says in the log what became of a config.
 * @param secrets asked for only where there is an error text: it walks over all teams, and polls are many.
 */
function logProgress(
  log: Logger,
  group: string,
  { remoteConfig, instanceUid }: Report,
  secrets: () => readonly string[],
): void {
  const fields = {
    group,
    agent: instanceUid,
    hash: remoteConfig.hash,
    status: remoteConfig.status,
  };
  if (remoteConfig.status !== 'failed') {
    log.info(fields, 'agent reports on its config');
    return;
  }
  // The text may quote the config, credentials included.
  const reason = redact(remoteConfig.error, secrets()).slice(0, MAX_ERROR_CHARACTERS);
  log.error({ ...fields, reason }, 'an agent could not apply its config');
}

/**
 * Whether an agent runs what is meant for it. One that never reports is taken at our word, with the message after the one
 * that was answered with it.
 */
function runs(
  offer: Offer | undefined,
  message: AgentMessage,
  state: AgentState,
  known: AgentState | undefined,
): boolean {
  const reports = (message.capabilities & AgentCapability.ReportsRemoteConfig) !== 0n;
  if (!reports) return known !== undefined && known.configHash === offer?.hashHex;
  return state.configHash === offer?.hashHex && state.configStatus === 'applied';
}

/** What the controller speaks for, and to. */
export interface OpampServices {
  offers: Offers;
  agents: AgentRegistry;
  progress: Progress;
  log: Logger;
  metrics: Metrics;
}

export function createOpampController(services: OpampServices): OpampController {
  const { offers, agents, progress, log, metrics } = services;
  return {
    admit(token) {
      const group = token === undefined ? undefined : offers.groupOf(hashToken(token));
      if (!group) {
        const reason = token === undefined ? 'missing' : 'unknown';
        metrics.count('auth_failures_total', { server: 'opamp', reason });
        throw new TenancyError(
          'unauthorized',
          'A collector token is required: in the Authorization header, or in the path.',
        );
      }
      return group;
    },

    handle(group, body) {
      const message = decodeAgentMessage(body);
      const name = groupId(group);
      const known = agents.get(name, message.instanceUid);
      const offer = offers.offerFor(group);
      const { reply, state } = answer(message, known, offer, newInstanceUid);
      if (isNews(message, known)) {
        logProgress(log, name, message, () => offers.secrets());
        const { status } = message.remoteConfig;
        metrics.count('opamp_config_reports_total', { group: group.kind, status });
      }
      if (reply.remoteConfig) {
        log.info(
          { group: name, agent: message.instanceUid, bytes: reply.remoteConfig.body.byteLength },
          'config offered',
        );
      }
      if (state) {
        agents.set(name, message.instanceUid, state);
        const revision = runs(offer, message, state, known) ? offers.revision : undefined;
        progress.note(name, message.instanceUid, revision);
      } else {
        agents.delete(name, message.instanceUid);
        progress.forget(name, message.instanceUid);
      }
      const result = reply.remoteConfig ? 'offered' : state ? 'answered' : 'goodbye';
      metrics.count('opamp_messages_total', { group: group.kind, result });
      return encodeServerMessage(reply);
    },
  };
}
