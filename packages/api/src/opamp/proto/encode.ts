import { opamp } from './gen/opamp';
import { ServerCapability } from './message';
import type { ErrorResponse, ServerMessage } from './message';

const { ServerToAgent, ServerErrorResponseType } = opamp.proto;

/** All bits in use lie far below 2^53, where a number holds them. */
const CAPABILITIES = Number(
  ServerCapability.AcceptsStatus |
    ServerCapability.OffersRemoteConfig |
    ServerCapability.AcceptsEffectiveConfig |
    ServerCapability.OffersConnectionSettings,
);

/** ServerToAgent.flags (OpAMP specification, ServerToAgentFlags). */
const REPORT_FULL_STATE = 0x1;
const REPORT_AVAILABLE_COMPONENTS = 0x2;

const errorTypes = {
  BadRequest: ServerErrorResponseType.ServerErrorResponseType_BadRequest,
  Unavailable: ServerErrorResponseType.ServerErrorResponseType_Unavailable,
} as const;

/** Most messages say no more than this and whose they are: written once. */
const PLAIN = ServerToAgent.encode({ capabilities: CAPABILITIES }).finish();
/** Number 1, with a length before its bytes (opamp.proto, ServerToAgent.instance_uid). */
const INSTANCE_UID = 0x0a;
const UID_BYTES = 16;

/** That nothing is new. Fields of Protocol Buffers may come in any order. */
function encodePlain(instanceUid: string): Uint8Array {
  const head = Buffer.allocUnsafe(2 + UID_BYTES + PLAIN.byteLength);
  head[0] = INSTANCE_UID;
  head[1] = UID_BYTES;
  head.write(instanceUid, 2, UID_BYTES, 'hex');
  head.set(PLAIN, 2 + UID_BYTES);
  return head;
}

/** Writes a ServerToAgent message, whole but for the config: an offer's `wire` appended to it makes it carry that. */
export function encodeServerMessage(message: ServerMessage): Uint8Array {
  const { instanceUid, heartbeatSeconds, newInstanceUid } = message;
  const flags =
    (message.reportFullState === true ? REPORT_FULL_STATE : 0) |
    (message.reportAvailableComponents === true ? REPORT_AVAILABLE_COMPONENTS : 0);
  const isPlain = flags === 0 && heartbeatSeconds === undefined && newInstanceUid === undefined;
  if (isPlain && instanceUid.length === 2 * UID_BYTES) return encodePlain(instanceUid);
  return ServerToAgent.encode({
    instanceUid: Buffer.from(instanceUid, 'hex'),
    capabilities: CAPABILITIES,
    flags,
    connectionSettings:
      heartbeatSeconds === undefined
        ? undefined
        : { opamp: { heartbeatIntervalSeconds: heartbeatSeconds } },
    agentIdentification: newInstanceUid && { newInstanceUid },
  }).finish();
}

/**
 * Writes the part of a ServerToAgent message that is the config, once for all agents it is offered to. Messages of Protocol
 * Buffers that are put one after the other are read as one.
 *
 * @param body the config; never empty, which would stop the collector.
 * @param hash what agents report on it with.
 */
export function encodeRemoteConfig(body: Uint8Array, hash: Uint8Array): Uint8Array {
  return ServerToAgent.encode({
    remoteConfig: {
      // The one file of the map: the supervisor merges files by name, and "" is the last.
      config: { configMap: [{ key: '', value: { body, contentType: 'application/json' } }] },
      configHash: hash,
    },
  }).finish();
}

/** Writes a ServerToAgent message that refuses. */
export function encodeErrorResponse(error: ErrorResponse): Uint8Array {
  const { type, message, retryAfterMs, instanceUid } = error;
  return ServerToAgent.encode({
    instanceUid: instanceUid === undefined ? undefined : Buffer.from(instanceUid, 'hex'),
    capabilities: CAPABILITIES,
    errorResponse: {
      type: errorTypes[type],
      errorMessage: message,
      retryInfo:
        retryAfterMs === undefined
          ? undefined
          : { retryAfterNanoseconds: Math.round(retryAfterMs) * 1_000_000 },
    },
  }).finish();
}
