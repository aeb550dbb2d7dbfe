import type { TenancyError } from '@hyperdx-tenancy/domain/errors';

import { opamp } from '../gen/opamp';
import {
  AgentCapability,
  capabilityNames,
  decodeAgentMessage,
  encodeErrorResponse,
  encodeRemoteConfig,
  encodeServerMessage,
} from '../codec';
import type { AgentMessage } from '../codec';

const {
  AgentToServer,
  ConnectionSettingsStatuses,
  RemoteConfigStatuses,
  ServerErrorResponseType,
  ServerToAgent,
} = opamp.proto;
const uid = Buffer.from('0192f0c1b2a37000800000000000abcd', 'hex');
const instanceUid = uid.toString('hex');

function decode(fields: opamp.proto.AgentToServer.$Properties = {}): AgentMessage {
  return decodeAgentMessage(AgentToServer.encode({ instanceUid: uid, ...fields }).finish());
}

/** The message of `uid`, with bytes in hexadecimal put after it. */
function withBytes(hex: string): Buffer {
  return Buffer.concat([
    AgentToServer.encode({ instanceUid: uid }).finish(),
    Buffer.from(hex, 'hex'),
  ]);
}

function codeOf(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return (error as TenancyError).code;
  }
  return undefined;
}

describe('decodeAgentMessage', () => {
  it('reads what an agent says of itself', () => {
    const message = decode({
      sequenceNum: 7,
      capabilities: 0x2 | 0x1000,
      agentDescription: {
        identifyingAttributes: [{ key: 'service.name', value: { stringValue: 'otelcol' } }],
        nonIdentifyingAttributes: [
          { key: 'up', value: { boolValue: true } },
          { key: 'pid', value: { intValue: -5 } },
          { key: 'load', value: { doubleValue: 0.5 } },
          { key: 'service.name', value: { stringValue: 'another' } },
          { key: 'nothing' },
        ],
      },
      health: { healthy: false, lastError: 'no', status: 'StatusStarting', startTimeUnixNano: 9 },
      remoteConfigStatus: {
        lastRemoteConfigHash: Buffer.from('ab', 'hex'),
        status: RemoteConfigStatuses.RemoteConfigStatuses_FAILED,
        errorMessage: 'bad',
      },
      connectionSettingsStatus: {
        lastConnectionSettingsHash: Buffer.from('cd', 'hex'),
        status: ConnectionSettingsStatuses.ConnectionSettingsStatuses_APPLIED,
      },
    });
    expect(message).toEqual({
      instanceUid,
      sequence: 7n,
      capabilities: 0x1002n,
      attributes: new Map([
        ['service.name', 'otelcol'],
        ['up', 'true'],
        ['pid', '-5'],
        ['load', '0.5'],
      ]),
      health: { healthy: false, lastError: 'no', status: 'StatusStarting', startedAt: 9n },
      effectiveConfig: undefined,
      remoteConfig: { hash: 'ab', status: 'failed', error: 'bad' },
      components: undefined,
      connectionSettings: { hash: 'cd', status: 'applied', error: '' },
      disconnects: false,
      requestsInstanceUid: false,
    });
  });

  it('tells what was left out from what is empty', () => {
    const nothing = decode();
    expect(nothing.attributes).toBeUndefined();
    expect(nothing.health).toBeUndefined();
    expect(nothing.effectiveConfig).toBeUndefined();
    expect(nothing.components).toBeUndefined();
    const empty = decode({
      agentDescription: {},
      health: {},
      effectiveConfig: {},
      availableComponents: {},
      agentDisconnect: {},
    });
    expect(empty.attributes).toEqual(new Map());
    expect(empty.health?.healthy).toBe(false);
    expect(empty.effectiveConfig).toEqual(new Map());
    expect(empty.components).toEqual({ hash: '', types: undefined });
    expect(empty.disconnects).toBe(true);
  });

  it('reads the files of an effective config where they lie in the message', () => {
    const body = AgentToServer.encode({
      instanceUid: uid,
      effectiveConfig: {
        configMap: { configMap: [{ key: '', value: { body: Buffer.from('receivers: {}') } }] },
      },
    }).finish();
    const file = decodeAgentMessage(body).effectiveConfig?.get('');
    expect(Buffer.from(file ?? []).toString()).toBe('receivers: {}');
    expect(file?.buffer).toBe(body.buffer);
  });

  it('reads the types of components by kind, whatever else is in the tree', () => {
    const kind = (key: string, ...names: string[]): opamp.proto.ComponentKindEntry.$Properties => ({
      key,
      value: { subComponentMap: names.map((name) => ({ key: name })) },
    });
    const { components } = decode({
      availableComponents: {
        hash: Buffer.from('ef', 'hex'),
        components: [
          kind('receivers', 'prometheus', 'otlp', 'otlp'),
          kind('exporters', '__proto__', 'constructor'),
          kind('__proto__', 'polluted'),
          kind('providers', 'env'),
        ],
      },
    });
    expect(components).toEqual({
      hash: 'ef',
      types: {
        receivers: ['otlp', 'prometheus'],
        processors: [],
        exporters: ['__proto__', 'constructor'],
        connectors: [],
        extensions: [],
      },
    });
  });

  it('passes over metadata, deep trees and nested attribute values', () => {
    // available_components { components { key: "receivers" value { metadata { key: "m" } sub_component_map
    // { key: "otlp" value { sub_component_map { key: "deep" } } } } } }
    const tree = '721e0a1c0a09726563656976657273120f0a030a016d12080a046f746c701200';
    expect(decodeAgentMessage(withBytes(tree)).components?.types?.['receivers']).toEqual(['otlp']);
    // agent_description { identifying_attributes { key: "a" value { array_value { values { string_value: "x" } } } } }
    const list = '1a0e0a0c0a016112072a050a030a0178';
    expect(decodeAgentMessage(withBytes(list)).attributes).toEqual(new Map());
  });

  it('keeps all 64 bits of the sequence number and the capabilities', () => {
    // fields 2 and 4 (varint), 2^64 - 1
    const message = decodeAgentMessage(withBytes('10ffffffffffffffffff0120ffffffffffffffffff01'));
    expect(message.sequence).toBe(2n ** 64n - 1n);
    expect(message.capabilities).toBe(2n ** 64n - 1n);
  });

  it('skips fields that it does not know', () => {
    // field 100 (three bytes), and field 8, package_statuses
    expect(decodeAgentMessage(withBytes('a20603616263' + '420161')).instanceUid).toBe(instanceUid);
  });

  it('takes as many fields as a message has', () => {
    expect(decodeAgentMessage(withBytes('9a0100'.repeat(19_999))).instanceUid).toBe(instanceUid);
  });

  it('makes of hostile keys what it makes of any', () => {
    const keys = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
    const { attributes, effectiveConfig } = decode({
      agentDescription: {
        identifyingAttributes: keys.map((key) => ({ key, value: { stringValue: 'polluted' } })),
      },
      effectiveConfig: { configMap: { configMap: keys.map((key) => ({ key })) } },
    });
    expect([...(attributes?.keys() ?? [])]).toEqual(keys);
    expect([...(effectiveConfig?.keys() ?? [])]).toEqual(keys);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('keeps of what has no end what it has room for', () => {
    const many = Array.from({ length: 2_000 }, (_, at) => `k${at}`);
    const message = decode({
      agentDescription: {
        identifyingAttributes: [
          { key: 'k'.repeat(257), value: { stringValue: 'x' } },
          { key: 'long', value: { stringValue: 'é'.repeat(5_000) } },
          ...many.map((key) => ({ key, value: { stringValue: 'x' } })),
        ],
      },
      effectiveConfig: { configMap: { configMap: many.map((key) => ({ key })) } },
      availableComponents: {
        components: [
          { key: 'receivers', value: { subComponentMap: many.map((key) => ({ key })) } },
          { key: 'exporters', value: { subComponentMap: [{ key: 'x'.repeat(129) }] } },
        ],
      },
      health: { lastError: 'x'.repeat(100_000) },
    });
    expect(message.attributes?.size).toBe(64);
    expect(message.attributes?.has('k'.repeat(257))).toBe(false);
    expect(message.attributes?.get('long')).toBe('é'.repeat(1_024));
    expect(message.effectiveConfig?.size).toBe(32);
    expect(message.components?.types?.['receivers']).toHaveLength(512);
    expect(message.components?.types?.['exporters']).toEqual([]);
    expect(message.health?.lastError).toHaveLength(16_384);
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
    ['more fields than a message has', withBytes('9a0100'.repeat(20_001))],
    ['more parts of a part than it has', withBytes(`1ac2b802${'0a00'.repeat(20_001)}`)],
    ['groups without end', withBytes('a306'.repeat(1_000))],
  ])('refuses %s', (_what, bytes) => {
    expect(codeOf(() => decodeAgentMessage(bytes))).toBe('invalid_opamp_message');
  });
});

describe('capabilityNames', () => {
  it('names the bits that have a name', () => {
    expect(capabilityNames(0x1002n | (1n << 63n))).toEqual([
      'AcceptsRemoteConfig',
      'ReportsRemoteConfig',
    ]);
    expect(AgentCapability.ReportsAvailableComponents).toBe(0x4000n);
  });
});

describe('encodeServerMessage', () => {
  it('writes interval, flags and instance uid where they are given', () => {
    const decoded = ServerToAgent.decode(
      encodeServerMessage({
        instanceUid,
        reportFullState: true,
        reportAvailableComponents: true,
        heartbeatSeconds: 5,
        newInstanceUid: Buffer.alloc(16, 1),
      }),
    );
    expect(Buffer.from(decoded.instanceUid)).toEqual(uid);
    expect(Number(decoded.capabilities)).toBe(0x27);
    expect(Number(decoded.flags)).toBe(3);
    expect(Number(decoded.connectionSettings?.opamp?.heartbeatIntervalSeconds)).toBe(5);
    expect(Buffer.from(decoded.agentIdentification?.newInstanceUid ?? [])).toEqual(
      Buffer.alloc(16, 1),
    );
  });

  it('leaves out what is not given: an empty config map would stop the collector', () => {
    const decoded = ServerToAgent.decode(encodeServerMessage({ instanceUid }));
    expect(decoded.remoteConfig ?? null).toBeNull();
    expect(decoded.connectionSettings ?? null).toBeNull();
    expect(decoded.agentIdentification ?? null).toBeNull();
    expect(decoded.errorResponse ?? null).toBeNull();
    expect(Number(decoded.flags)).toBe(0);
  });
});

describe('encodeRemoteConfig', () => {
  it('makes a message carry a config that is appended to it', () => {
    const config = encodeRemoteConfig(Buffer.from('{"a":1}'), Buffer.from('hash'));
    const reply = encodeServerMessage({ instanceUid, heartbeatSeconds: 5 });
    const decoded = ServerToAgent.decode(Buffer.concat([reply, config]));
    const files = decoded.remoteConfig?.config?.configMap ?? [];
    expect(files.map(({ key }) => key)).toEqual(['']);
    expect(Buffer.from(files[0]?.value?.body ?? []).toString()).toBe('{"a":1}');
    expect(files[0]?.value?.contentType).toBe('application/json');
    expect(Buffer.from(decoded.remoteConfig?.configHash ?? []).toString()).toBe('hash');
    expect(Buffer.from(decoded.instanceUid)).toEqual(uid);
    expect(Number(decoded.connectionSettings?.opamp?.heartbeatIntervalSeconds)).toBe(5);
  });
});

describe('encodeErrorResponse', () => {
  it('says when to come again', () => {
    const { errorResponse } = ServerToAgent.decode(
      encodeErrorResponse({ type: 'Unavailable', message: 'busy', retryAfterMs: 30_000 }),
    );
    expect(errorResponse?.type).toBe(ServerErrorResponseType.ServerErrorResponseType_Unavailable);
    expect(errorResponse?.errorMessage).toBe('busy');
    expect(Number(errorResponse?.retryInfo?.retryAfterNanoseconds)).toBe(30e9);
  });

  it('says what is wrong with a message, to whom it is', () => {
    const { errorResponse, instanceUid: to } = ServerToAgent.decode(
      encodeErrorResponse({ type: 'BadRequest', message: 'body: no', instanceUid }),
    );
    expect(errorResponse?.type).toBe(ServerErrorResponseType.ServerErrorResponseType_BadRequest);
    expect(errorResponse?.retryInfo ?? null).toBeNull();
    expect(Buffer.from(to)).toEqual(uid);
  });
});
