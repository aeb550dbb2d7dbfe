import { randomBytes } from 'node:crypto';

import type { CollectorGroup } from '@hyperdx-tenancy/domain/contracts/collectorToken';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import { hashToken, redact } from '../../utils/secrets';
import type { Logger } from '../../utils/logger';
import { decodeAgentMessage, encodeServerMessage } from '../proto/codec';
import type { AgentMessage } from '../proto/codec';
import { answer } from '../services/conversation';
import { groupName } from '../services/offers';
import type { Offers } from '../services/offers';
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

/**
 * Says in the log what became of a config, once a change.
 * @param secrets asked for only where there is an error text: it walks over all teams, and polls are many.
 */
function logProgress(
  log: Logger,
  group: string,
  message: AgentMessage,
  known: AgentState | undefined,
  secrets: () => readonly string[],
): void {
  const { remoteConfig, instanceUid } = message;
  if (!remoteConfig) return;
  if (remoteConfig.status === known?.configStatus && remoteConfig.hash === known.configHash) return;
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

export function createOpampController(
  offers: Offers,
  agents: AgentRegistry,
  log: Logger,
): OpampController {
  return {
    admit(token) {
      const group = token === undefined ? undefined : offers.groupOf(hashToken(token));
      if (!group) {
        throw new TenancyError(
          'unauthorized',
          'A collector token is required: in the Authorization header, or in the path.',
        );
      }
      return group;
    },

    handle(group, body) {
      const message = decodeAgentMessage(body);
      const name = groupName(group);
      const known = agents.get(name, message.instanceUid);
      const { reply, state } = answer(message, known, offers.offerFor(group), newInstanceUid);
      logProgress(log, name, message, known, () => offers.secrets());
      if (reply.remoteConfig) {
        log.info(
          { group: name, agent: message.instanceUid, bytes: reply.remoteConfig.body.byteLength },
          'config offered',
        );
      }
      if (state) agents.set(name, message.instanceUid, state);
      else agents.delete(name, message.instanceUid);
      return encodeServerMessage(reply);
    },
  };
}
