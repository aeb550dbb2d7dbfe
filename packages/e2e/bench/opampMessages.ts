import { bodyAt, bytes, fields, fixed64, number } from './opampWire';

/**
 * What a supervisor of the collector says that it can (all that this project's own file has it do): ReportsStatus,
 * AcceptsRemoteConfig, ReportsEffectiveConfig, ReportsHealth, ReportsRemoteConfig, ReportsHeartbeat, ReportsAvailableComponents.
 */
const CAPABILITIES = 0x7807;

const APPLIED = 1;
const REPORT_FULL_STATE = 1;
const REPORT_COMPONENTS = 2;

/** Component types of HyperDX's collector image, as far as its configs and the product's name them. */
const COMPONENTS: Readonly<Record<string, readonly string[]>> = {
  receivers: ['otlp', 'nop', 'prometheus', 'fluentforward'],
  processors: ['memory_limiter', 'batch', 'transform', 'resourcedetection'],
  exporters: ['clickhouse', 'debug', 'nop', 'otlphttp'],
  connectors: ['routing', 'forward'],
  extensions: ['bearertokenauth', 'health_check', 'opamp', 'file_storage'],
};
const COMPONENTS_HASH = Buffer.alloc(32, 7);

/** Where an agent is in its conversation. */
export interface Speaker {
  uid: Buffer;
  /** Of the message that it sends next. */
  sequence: number;
  /** Hash of the config that it runs; none before its first. */
  hash: Buffer | undefined;
}

const opening = ({ uid, sequence }: Speaker): Buffer[] => [
  bytes(1, uid),
  ...(sequence === 0 ? [] : [number(2, sequence)]),
  number(4, CAPABILITIES),
];

const attribute = (key: string, value: string): Buffer =>
  bytes(1, bytes(1, key), bytes(2, bytes(1, value)));

const health = (): Buffer =>
  bytes(5, number(1, 1), fixed64(2, 1_700_000_000_000_000_000n), bytes(4, 'StatusOK'));

const configStatus = ({ hash }: Speaker): Buffer[] =>
  hash ? [bytes(7, bytes(1, hash), number(2, APPLIED))] : [];

/** Nothing is new. */
export function heartbeat(speaker: Speaker): Buffer {
  return Buffer.concat(opening(speaker));
}

/** All that there is to say, as at a start and when it is asked for. */
export function fullState(speaker: Speaker): Buffer {
  const name = speaker.uid.toString('hex');
  return Buffer.concat([
    ...opening(speaker),
    bytes(
      3,
      attribute('service.name', 'otelcol'),
      attribute('service.version', '0.149.0'),
      attribute('service.instance.id', name),
      bytes(2, bytes(1, 'host.name'), bytes(2, bytes(1, `node-${name.slice(-6)}`))),
      bytes(2, bytes(1, 'os.type'), bytes(2, bytes(1, 'linux'))),
    ),
    health(),
    ...configStatus(speaker),
    bytes(14, bytes(2, COMPONENTS_HASH)),
  ]);
}

/** It runs the config that it was given. */
export function applied(speaker: Speaker): Buffer {
  return Buffer.concat([...opening(speaker), health(), ...configStatus(speaker)]);
}

const components = Object.entries(COMPONENTS).map(([kind, types]) =>
  bytes(1, bytes(1, kind), bytes(2, ...types.map((type) => bytes(2, bytes(1, type), bytes(2))))),
);

/** What it can run. */
export function availableComponents(speaker: Speaker): Buffer {
  return Buffer.concat([...opening(speaker), bytes(14, ...components, bytes(2, COMPONENTS_HASH))]);
}

/** What a server answered, or said of its own accord. */
export interface ServerMessage {
  /** A config, by its hash; `bytes` of its files. */
  offer: { hash: Buffer; bytes: number } | undefined;
  wantsFullState: boolean;
  wantsComponents: boolean;
  /** The name that it gives to the agent. */
  newUid: Buffer | undefined;
  /** Its words where it refuses. */
  error: string | undefined;
}

function offerIn(remoteConfig: Buffer): ServerMessage['offer'] {
  const hash = bodyAt(remoteConfig, 2);
  if (!hash) return undefined;
  let length = 0;
  for (const { no, body } of fields(bodyAt(remoteConfig, 1) ?? Buffer.alloc(0))) {
    if (no === 1 && body) length += bodyAt(body, 2, 1)?.length ?? 0;
  }
  return { hash: Buffer.from(hash), bytes: length };
}

/** @throws RangeError for bytes that are no message. */
export function readServerMessage(message: Buffer): ServerMessage {
  const read: ServerMessage = {
    offer: undefined,
    wantsFullState: false,
    wantsComponents: false,
    newUid: undefined,
    error: undefined,
  };
  for (const { no, value, body } of fields(message)) {
    if (no === 2 && body) read.error = bodyAt(body, 2)?.toString() ?? '';
    if (no === 3 && body) read.offer = offerIn(body);
    if (no === 6) {
      read.wantsFullState = (value & REPORT_FULL_STATE) !== 0;
      read.wantsComponents = (value & REPORT_COMPONENTS) !== 0;
    }
    const uid = no === 8 && body ? bodyAt(body, 1) : undefined;
    if (uid) read.newUid = Buffer.from(uid);
  }
  return read;
}
