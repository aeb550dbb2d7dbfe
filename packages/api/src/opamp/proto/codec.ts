import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import { opamp } from './gen/opamp';

/** Bits of AgentToServer.capabilities (OpAMP specification, AgentCapabilities). */
export const AgentCapability = {
  AcceptsRemoteConfig: 0x2n,
  AcceptsOpAMPConnectionSettings: 0x100n,
  ReportsRemoteConfig: 0x1000n,
  ReportsHeartbeat: 0x2000n,
} as const;

/** Bits of ServerToAgent.capabilities (OpAMP specification, ServerCapabilities). */
export const ServerCapability = {
  AcceptsStatus: 0x1n,
  OffersRemoteConfig: 0x2n,
  AcceptsEffectiveConfig: 0x4n,
  OffersConnectionSettings: 0x20n,
} as const;

/** ServerToAgent.flags (OpAMP specification, ServerToAgentFlags). */
const REPORT_FULL_STATE = 0x1;

/** AgentToServer.flags (OpAMP specification, AgentToServerFlags). */
const REQUEST_INSTANCE_UID = 0x1n;

const UID_BYTES = 16;

/** Ours are SHA-256; what an agent sends back is kept, so it must not be of any length. */
const MAX_HASH_BYTES = 64;

export type ConfigStatus = 'unset' | 'applied' | 'applying' | 'failed';

/** An AgentToServer as this server reads it. What the agent left out, being unchanged, is `undefined`. */
export interface AgentMessage {
  /** 16 bytes as 32 hexadecimal digits. */
  instanceUid: string;
  sequence: bigint;
  capabilities: bigint;
  /** Whether the agent described itself, which it leaves out when nothing changed. */
  described: boolean;
  health: { healthy: boolean; lastError: string } | undefined;
  remoteConfig: { hash: string; status: ConfigStatus; error: string } | undefined;
  disconnects: boolean;
  requestsInstanceUid: boolean;
}

/** A ServerToAgent as this server writes it. */
export interface ServerMessage {
  /** As in the message that is answered. */
  instanceUid: string;
  capabilities: bigint;
  reportFullState?: boolean;
  remoteConfig?: { body: Uint8Array; hash: Uint8Array };
  /** Seconds between an HTTP agent's polls. */
  heartbeatSeconds?: number;
  newInstanceUid?: Uint8Array;
}

type Uint64 = number | { low: number; high: number };

function toBigInt(value: Uint64): bigint {
  if (typeof value === 'number') return BigInt(value);
  return (BigInt(value.high >>> 0) << 32n) | BigInt(value.low >>> 0);
}

const statuses: Record<number, ConfigStatus> = {
  0: 'unset',
  1: 'applied',
  2: 'applying',
  3: 'failed',
};

const hex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');

function decodeRaw(body: Uint8Array): opamp.proto.AgentToServer {
  try {
    return opamp.proto.AgentToServer.decode(body);
  } catch (cause) {
    throw new TenancyError('invalid_opamp_message', 'body: is not an AgentToServer message.', {
      cause,
    });
  }
}

/**
 * Reads an AgentToServer message.
 * @throws TenancyError `invalid_opamp_message`.
 */
export function decodeAgentMessage(body: Uint8Array): AgentMessage {
  const raw = decodeRaw(body);
  if (raw.instanceUid.byteLength !== UID_BYTES) {
    throw new TenancyError('invalid_opamp_message', `instance_uid: must have ${UID_BYTES} bytes.`);
  }
  const { health, remoteConfigStatus: config } = raw;
  const configHash = config?.lastRemoteConfigHash ?? new Uint8Array();
  if (configHash.byteLength > MAX_HASH_BYTES) {
    throw new TenancyError(
      'invalid_opamp_message',
      `last_remote_config_hash: at most ${MAX_HASH_BYTES} bytes.`,
    );
  }
  return {
    instanceUid: hex(raw.instanceUid),
    sequence: toBigInt(raw.sequenceNum),
    capabilities: toBigInt(raw.capabilities),
    described: raw.agentDescription != null,
    health: health
      ? { healthy: health.healthy ?? false, lastError: health.lastError ?? '' }
      : undefined,
    remoteConfig: config
      ? {
          hash: hex(configHash),
          status: statuses[config.status ?? 0] ?? 'unset',
          error: config.errorMessage ?? '',
        }
      : undefined,
    disconnects: raw.agentDisconnect != null,
    requestsInstanceUid: (toBigInt(raw.flags) & REQUEST_INSTANCE_UID) !== 0n,
  };
}

/** Writes a ServerToAgent message. */
export function encodeServerMessage(message: ServerMessage): Uint8Array {
  const { remoteConfig, heartbeatSeconds, newInstanceUid } = message;
  return opamp.proto.ServerToAgent.encode({
    instanceUid: Buffer.from(message.instanceUid, 'hex'),
    // All bits in use lie far below 2^53.
    capabilities: Number(message.capabilities),
    flags: message.reportFullState === true ? REPORT_FULL_STATE : 0,
    remoteConfig: remoteConfig && {
      // The one file of the map: the supervisor merges files by name, and "" is the last.
      config: {
        configMap: [
          { key: '', value: { body: remoteConfig.body, contentType: 'application/json' } },
        ],
      },
      configHash: remoteConfig.hash,
    },
    connectionSettings:
      heartbeatSeconds === undefined
        ? undefined
        : { opamp: { heartbeatIntervalSeconds: heartbeatSeconds } },
    agentIdentification: newInstanceUid && { newInstanceUid },
  }).finish();
}
