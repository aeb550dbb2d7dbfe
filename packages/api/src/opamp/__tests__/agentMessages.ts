import { opamp } from '../proto/gen/opamp';

const { AgentToServer, ServerToAgent } = opamp.proto;

/** AcceptsRemoteConfig, ReportsRemoteConfig, ReportsHeartbeat. */
export const CAPABILITIES = 0x2 | 0x1000 | 0x2000;

/** An instance UID that ends in a number, as a message carries it. */
export function uid(number: number): Buffer {
  const bytes = Buffer.from('0192f0c1b2a370008000000000000000', 'hex');
  bytes.writeUInt32BE(number, 12);
  return bytes;
}

/** The first message of an agent, which describes itself, unless the fields say otherwise. */
export function agentMessage(fields: opamp.proto.AgentToServer.$Properties = {}): Buffer {
  return Buffer.from(
    AgentToServer.encode({
      instanceUid: uid(1),
      sequenceNum: 1,
      capabilities: CAPABILITIES,
      agentDescription: {},
      ...fields,
    }).finish(),
  );
}

/** A message without news. */
export function heartbeat(
  sequenceNum: number,
  fields: opamp.proto.AgentToServer.$Properties = {},
): Buffer {
  return Buffer.from(
    AgentToServer.encode({
      instanceUid: uid(1),
      sequenceNum,
      capabilities: CAPABILITIES,
      ...fields,
    }).finish(),
  );
}

/** An answer as a test looks at it. */
export interface Answered {
  message: opamp.proto.ServerToAgent;
  instanceUid: string;
  config: string | undefined;
  hash: Buffer;
  asksFullState: boolean;
  newUid: Buffer | undefined;
  error: { type: number; message: string; retryNanoseconds: number | undefined } | undefined;
}

export function answered(bytes: Uint8Array): Answered {
  const message = ServerToAgent.decode(bytes);
  const { remoteConfig, errorResponse: error, agentIdentification } = message;
  const body = remoteConfig?.config?.configMap?.[0]?.value?.body;
  const newUid = agentIdentification?.newInstanceUid;
  const retry = error?.retryInfo?.retryAfterNanoseconds;
  return {
    message,
    instanceUid: Buffer.from(message.instanceUid).toString('hex'),
    config: body ? Buffer.from(body).toString() : undefined,
    hash: Buffer.from(remoteConfig?.configHash ?? []),
    asksFullState: (Number(message.flags) & 1) === 1,
    newUid: newUid ? Buffer.from(newUid) : undefined,
    error: error
      ? {
          type: Number(error.type),
          message: error.errorMessage ?? '',
          retryNanoseconds: retry == null ? undefined : Number(retry),
        }
      : undefined,
  };
}
