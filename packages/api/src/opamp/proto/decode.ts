import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { BufferReader } from 'protobufjs/minimal';

import type { ComponentTypes } from '../fleet';
import { opamp } from './gen/opamp';
import type {
  AgentMessage,
  ComponentReport,
  ConfigStatus,
  HealthReport,
  StatusReport,
} from './message';

/** AgentToServer.flags (OpAMP specification, AgentToServerFlags). */
const REQUEST_INSTANCE_UID = 0x1n;

const UID_BYTES = 16;

/** Ours are SHA-256; what an agent sends back is kept, so it must not be of any length. */
const MAX_HASH_BYTES = 64;

/**
 * Fields of one message, those of its parts included. A supervisor with all 500 component types of the contrib
 * distribution sends 3,000; two bytes a field are enough to make an object, so that the size alone bounds nothing.
 */
const MAX_FIELDS = 20_000;

const MAX_ATTRIBUTES = 64;
const MAX_KEY_CHARACTERS = 256;
const MAX_VALUE_CHARACTERS = 1_024;
const MAX_ERROR_CHARACTERS = 16_384;
const MAX_FILES = 32;

const componentKinds = ['receivers', 'processors', 'exporters', 'connectors', 'extensions'];
const MAX_TYPES_PER_KIND = 512;
/** The collector's own rule is 63 (component.NewType). */
const MAX_TYPE_CHARACTERS = 128;

const statuses: readonly ConfigStatus[] = ['unset', 'applied', 'applying', 'failed'];

type Uint64 = number | { low: number; high: number } | null | undefined;

function toBigInt(value: Uint64): bigint {
  if (value == null) return 0n;
  if (typeof value === 'number') return BigInt(value);
  return (BigInt(value.high >>> 0) << 32n) | BigInt(value.low >>> 0);
}

/** Counts what it reads. */
class BoundedReader extends BufferReader {
  private fields = 0;

  override tag(): number {
    this.fields += 1;
    if (this.fields > MAX_FIELDS) throw new RangeError(`more than ${MAX_FIELDS} fields`);
    return super.tag();
  }
}

const view = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The start of a text, copied: a slice would keep the whole of it in memory. */
function cut(text: string | null | undefined, characters: number): string {
  if (text == null) return '';
  return text.length <= characters ? text : Buffer.from(text.slice(0, characters)).toString();
}

function invalid(message: string, cause?: unknown): TenancyError {
  return new TenancyError('invalid_opamp_message', message, { cause });
}

function hashHex(bytes: Uint8Array | null | undefined, field: string): string {
  if (bytes == null) return '';
  if (bytes.byteLength > MAX_HASH_BYTES) {
    throw invalid(`${field}: at most ${MAX_HASH_BYTES} bytes.`);
  }
  return view(bytes).toString('hex');
}

function scalar(value: opamp.proto.AnyValue.$Properties | null | undefined): string | undefined {
  if (value == null) return undefined;
  if (value.stringValue != null) return cut(value.stringValue, MAX_VALUE_CHARACTERS);
  if (value.boolValue != null) return String(value.boolValue);
  if (value.intValue != null) return String(BigInt.asIntN(64, toBigInt(value.intValue)));
  return value.doubleValue == null ? undefined : String(value.doubleValue);
}

/** Where a key comes twice, what identifies the agent comes before the rest, and the first before the next. */
function attributesOf(description: opamp.proto.AgentDescription.$Properties): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const entries of [description.identifyingAttributes, description.nonIdentifyingAttributes]) {
    for (const entry of entries ?? []) {
      if (attributes.size === MAX_ATTRIBUTES) return attributes;
      const key = entry.key ?? '';
      const value = scalar(entry.value);
      if (value === undefined || key === '' || key.length > MAX_KEY_CHARACTERS) continue;
      if (!attributes.has(key)) attributes.set(key, value);
    }
  }
  return attributes;
}

function healthOf(health: opamp.proto.ComponentHealth.$Properties): HealthReport {
  return {
    healthy: health.healthy ?? false,
    lastError: cut(health.lastError, MAX_ERROR_CHARACTERS),
    status: cut(health.status, MAX_KEY_CHARACTERS),
    startedAt: toBigInt(health.startTimeUnixNano),
  };
}

function filesOf(config: opamp.proto.EffectiveConfig.$Properties): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const entry of config.configMap?.configMap ?? []) {
    const key = entry.key ?? '';
    if (key.length > MAX_KEY_CHARACTERS) continue;
    // In a map the last of two entries with one key is the one that counts.
    if (files.size < MAX_FILES || files.has(key)) {
      files.set(key, entry.value?.body ?? new Uint8Array());
    }
  }
  return files;
}

function typesOf(entries: readonly opamp.proto.ComponentKindEntry.$Properties[]): ComponentTypes {
  const types: Record<string, readonly string[]> = {};
  for (const kind of componentKinds) {
    const names = new Set<string>();
    for (const { key, value } of entries) {
      if (key !== kind) continue;
      for (const { key: name } of value?.subComponentMap ?? []) {
        if (names.size === MAX_TYPES_PER_KIND) break;
        if (name != null && name !== '' && name.length <= MAX_TYPE_CHARACTERS) names.add(name);
      }
    }
    // The order of a map's entries says nothing; sorted, the same components are the same here.
    types[kind] = [...names].sort();
  }
  return types;
}

function componentsOf(components: opamp.proto.AvailableComponents.$Properties): ComponentReport {
  const entries = components.components ?? [];
  return {
    hash: hashHex(components.hash, 'available_components.hash'),
    types: entries.length === 0 ? undefined : typesOf(entries),
  };
}

function remoteConfigOf(report: opamp.proto.RemoteConfigStatus.$Properties): StatusReport {
  return {
    hash: hashHex(report.lastRemoteConfigHash, 'last_remote_config_hash'),
    status: statuses[report.status ?? 0] ?? 'unset',
    error: cut(report.errorMessage, MAX_ERROR_CHARACTERS),
  };
}

function settingsOf(report: opamp.proto.ConnectionSettingsStatus.$Properties): StatusReport {
  return {
    hash: hashHex(report.lastConnectionSettingsHash, 'last_connection_settings_hash'),
    status: statuses[report.status ?? 0] ?? 'unset',
    error: cut(report.errorMessage, MAX_ERROR_CHARACTERS),
  };
}

function decodeRaw(body: Uint8Array): opamp.proto.AgentToServer {
  try {
    return opamp.proto.AgentToServer.decode(new BoundedReader(view(body)));
  } catch (cause) {
    throw invalid('body: is not an AgentToServer message.', cause);
  }
}

/**
 * Reads an AgentToServer message. What it makes of it is bounded, whatever the message holds; what goes beyond a bound is
 * left out or cut, except where the message cannot be meant well.
 * @throws TenancyError `invalid_opamp_message`.
 */
export function decodeAgentMessage(body: Uint8Array): AgentMessage {
  const raw = decodeRaw(body);
  if (raw.instanceUid.byteLength !== UID_BYTES) {
    throw invalid(`instance_uid: must have ${UID_BYTES} bytes.`);
  }
  return {
    instanceUid: view(raw.instanceUid).toString('hex'),
    sequence: toBigInt(raw.sequenceNum),
    capabilities: toBigInt(raw.capabilities),
    attributes: raw.agentDescription ? attributesOf(raw.agentDescription) : undefined,
    health: raw.health ? healthOf(raw.health) : undefined,
    effectiveConfig: raw.effectiveConfig ? filesOf(raw.effectiveConfig) : undefined,
    remoteConfig: raw.remoteConfigStatus ? remoteConfigOf(raw.remoteConfigStatus) : undefined,
    components: raw.availableComponents ? componentsOf(raw.availableComponents) : undefined,
    connectionSettings: raw.connectionSettingsStatus
      ? settingsOf(raw.connectionSettingsStatus)
      : undefined,
    disconnects: raw.agentDisconnect != null,
    requestsInstanceUid: (toBigInt(raw.flags) & REQUEST_INSTANCE_UID) !== 0n,
  };
}
