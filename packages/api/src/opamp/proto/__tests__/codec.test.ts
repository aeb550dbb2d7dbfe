import type { TenancyError } from '@hyperdx-tenancy/domain/errors';

import { opamp } from '../gen/opamp';
import { decodeAgentMessage, encodeServerMessage } from '../codec';

const { AgentToServer, ServerToAgent, RemoteConfigStatuses } = opamp.proto;
const uid = Buffer.from('0192f0c1b2a37000800000000000abcd', 'hex');

describe('decodeAgentMessage', () => {
  it('reads what an agent says of itself', () => {
    const bytes = AgentToServer.encode({
      instanceUid: uid,
      sequenceNum: 7,
      capabilities: 0x2 | 0x1000,
      agentDescription: {
        identifyingAttributes: [{ key: '__proto__', value: { stringValue: 'x' } }],
      },
      health: { healthy: false, lastError: 'no' },
      remoteConfigStatus: {
        lastRemoteConfigHash: Buffer.from('ab', 'hex'),
        status: RemoteConfigStatuses.RemoteConfigStatuses_FAILED,
        errorMessage: 'bad',
      },
    }).finish();
    expect(decodeAgentMessage(bytes)).toEqual({
      instanceUid: uid.toString('hex'),
      sequence: 7n,
      capabilities: 0x1002n,
      described: true,
      health: { healthy: false, lastError: 'no' },
      remoteConfig: { hash: 'ab', status: 'failed', error: 'bad' },
      disconnects: false,
      requestsInstanceUid: false,
    });
  });

  it('tells what was left out from what is empty', () => {
    const message = decodeAgentMessage(AgentToServer.encode({ instanceUid: uid }).finish());
    expect(message.described).toBe(false);
    expect(message.health).toBeUndefined();
    expect(message.remoteConfig).toBeUndefined();
  });

  it('keeps all 64 bits of the sequence number', () => {
    // field 2 (varint), 2^64 - 1
    const bytes = Buffer.concat([
      AgentToServer.encode({ instanceUid: uid }).finish(),
      Buffer.from('10ffffffffffffffffff01', 'hex'),
    ]);
    expect(decodeAgentMessage(bytes).sequence).toBe(2n ** 64n - 1n);
  });

  it('skips fields that it does not know', () => {
    const bytes = Buffer.concat([
      AgentToServer.encode({ instanceUid: uid }).finish(),
      Buffer.from('7a03616263', 'hex'), // field 15, three bytes
    ]);
    expect(decodeAgentMessage(bytes).instanceUid).toBe(uid.toString('hex'));
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a cut message', AgentToServer.encode({ instanceUid: uid }).finish().subarray(0, 9)],
    [
      'a hash that is no hash',
      AgentToServer.encode({
        instanceUid: uid,
        remoteConfigStatus: { lastRemoteConfigHash: Buffer.alloc(65) },
      }).finish(),
    ],
    ['JSON', Buffer.from('{"instance_uid":1}')],
    [
      'an instance uid of 3 bytes',
      AgentToServer.encode({ instanceUid: Buffer.from('abc') }).finish(),
    ],
  ])('refuses %s', (_what, bytes) => {
    let code: unknown;
    try {
      decodeAgentMessage(bytes);
    } catch (error) {
      code = (error as TenancyError).code;
    }
    expect(code).toBe('invalid_opamp_message');
  });
});

describe('encodeServerMessage', () => {
  it('writes config, interval and flags where they are given', () => {
    const decoded = ServerToAgent.decode(
      encodeServerMessage({
        instanceUid: uid.toString('hex'),
        capabilities: 3n,
        reportFullState: true,
        remoteConfig: { body: Buffer.from('{}'), hash: Buffer.from('hash') },
        heartbeatSeconds: 5,
      }),
    );
    expect(Buffer.from(decoded.instanceUid)).toEqual(uid);
    expect(Number(decoded.flags)).toBe(1);
    expect(Number(decoded.connectionSettings?.opamp?.heartbeatIntervalSeconds)).toBe(5);
    const [file] = decoded.remoteConfig?.config?.configMap ?? [];
    expect(Buffer.from(file?.value?.body ?? []).toString()).toBe('{}');
    expect(file?.value?.contentType).toBe('application/json');
    expect(Buffer.from(decoded.remoteConfig?.configHash ?? []).toString()).toBe('hash');
  });

  it('leaves out what is not given: an empty config map would stop the collector', () => {
    const decoded = ServerToAgent.decode(
      encodeServerMessage({ instanceUid: uid.toString('hex'), capabilities: 3n }),
    );
    expect(decoded.remoteConfig ?? null).toBeNull();
    expect(decoded.connectionSettings ?? null).toBeNull();
    expect(Number(decoded.flags)).toBe(0);
  });
});
