import { opamp } from '../proto/gen/opamp';
import { bytesField, varintField } from './wire';

const { AgentToServer, RemoteConfigStatuses } = opamp.proto;

type Fields = opamp.proto.AgentToServer.$Properties;

/** Names that JavaScript objects give a meaning to. */
export const HOSTILE_KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
] as const;

const kinds = ['receivers', 'processors', 'exporters', 'extensions', 'connectors'] as const;

/** What the supervisor (0.149) says that it can, with everything on. */
const CAPABILITIES = 0x7807;

/** As a collector lists what it is made of: each type with the module it comes from. */
function componentTree(types: number): Buffer {
  const module = bytesField(1, 'code.namespace');
  const version = bytesField(2, bytesField(1, 'go.opentelemetry.io/collector v0.149.0'));
  const metadata = bytesField(1, Buffer.concat([module, version]));
  const kindEntries = kinds.map((kind) => {
    const entries = Array.from({ length: types }, (_, at) =>
      bytesField(2, Buffer.concat([bytesField(1, `${kind}_${at}`), bytesField(2, metadata)])),
    );
    return bytesField(
      1,
      Buffer.concat([bytesField(1, kind), bytesField(2, Buffer.concat(entries))]),
    );
  });
  return Buffer.concat(kindEntries);
}

const COMPONENTS = Buffer.concat([componentTree(20), bytesField(2, 'components')]);

const file = (text: string): Fields => ({
  effectiveConfig: { configMap: { configMap: [{ key: '', value: { body: Buffer.from(text) } }] } },
});

const description: Fields = {
  agentDescription: {
    identifyingAttributes: [
      { key: 'service.name', value: { stringValue: 'io.opentelemetry.collector' } },
      { key: 'service.version', value: { stringValue: '0.149.0' } },
      {
        key: 'service.instance.id',
        value: { stringValue: '0192f0c1-b2a3-7000-8000-00000000abcd' },
      },
    ],
    nonIdentifyingAttributes: [
      { key: 'host.name', value: { stringValue: 'collector-1' } },
      { key: 'os.type', value: { stringValue: 'linux' } },
      { key: 'process.pid', value: { intValue: 4242 } },
    ],
  },
};

/** One agent that speaks as a supervisor does. */
export class Speaker {
  private sequence = 0;

  /** @param secret what it got in a config, and quotes. */
  constructor(
    readonly instanceUid: Buffer,
    private readonly secret: string,
  ) {}

  /** Starts again, with a message that leaves nothing out. */
  start(): Buffer {
    this.sequence = 0;
    const body = this.message({
      ...description,
      ...file(''),
      health: { healthy: false, status: 'StatusStarting' },
      remoteConfigStatus: {},
    });
    // package_statuses, which this server passes over, and the hash of the components.
    return Buffer.concat([body, bytesField(8, ''), bytesField(14, bytesField(2, 'components'))]);
  }

  /** All that it can say. */
  full(hash: Uint8Array | undefined): Buffer {
    const body = this.message({
      ...description,
      ...file(`exporters:\n  clickhouse:\n    password: ${this.secret}\n`),
      health: { healthy: true, status: 'StatusOK', startTimeUnixNano: 1_700_000_000_000 },
      remoteConfigStatus: hash
        ? {
            lastRemoteConfigHash: hash,
            status: RemoteConfigStatuses.RemoteConfigStatuses_APPLIED,
          }
        : {},
    });
    return Buffer.concat([body, bytesField(14, COMPONENTS)]);
  }

  poll(): Buffer {
    return this.message({});
  }

  applying(hash: Uint8Array): Buffer {
    return this.report(hash, RemoteConfigStatuses.RemoteConfigStatuses_APPLYING, '');
  }

  applied(hash: Uint8Array): Buffer {
    return this.report(hash, RemoteConfigStatuses.RemoteConfigStatuses_APPLIED, '');
  }

  failed(hash: Uint8Array): Buffer {
    const { RemoteConfigStatuses_FAILED } = RemoteConfigStatuses;
    return this.report(hash, RemoteConfigStatuses_FAILED, `cannot use password ${this.secret}`);
  }

  effective(): Buffer {
    return this.message(file(`exporters:\n  clickhouse:\n    password: ${this.secret}\n`));
  }

  /** With the health of single components, which are many. */
  health(healthy: boolean): Buffer {
    const status = healthy ? 'StatusOK' : 'StatusRecoverableError';
    const lastError = healthy ? '' : `dial ${this.secret}@clickhouse: refused`;
    const body = this.message({ health: { healthy, status, lastError } });
    const component = Buffer.concat([
      bytesField(1, 'pipeline:logs'),
      bytesField(2, Buffer.concat([varintField(1, 1), bytesField(4, 'StatusOK')])),
    ]);
    const map = Array.from({ length: 10 }, () => bytesField(6, component));
    return Buffer.concat([body, bytesField(5, Buffer.concat(map))]);
  }

  components(): Buffer {
    return Buffer.concat([this.poll(), bytesField(14, COMPONENTS)]);
  }

  settings(): Buffer {
    return this.message({
      connectionSettingsStatus: { lastConnectionSettingsHash: Buffer.alloc(32) },
    });
  }

  /** What a real supervisor said, as if it were this agent's next words. */
  quote(message: Buffer): Buffer {
    const { instanceUid } = this;
    const sequenceNum = this.sequence;
    this.sequence += 1;
    // Of a field that is there twice, the last one counts.
    const own = AgentToServer.encode({ instanceUid, sequenceNum }).finish();
    return Buffer.concat([message, own]);
  }

  asksForUid(): Buffer {
    return this.message({ flags: 1 });
  }

  goodbye(): Buffer {
    return this.message({ agentDisconnect: {}, health: { healthy: false } });
  }

  private report(
    hash: Uint8Array,
    status: opamp.proto.RemoteConfigStatuses,
    errorMessage: string,
  ): Buffer {
    return this.message({
      remoteConfigStatus: { lastRemoteConfigHash: hash, status, errorMessage },
    });
  }

  private message(fields: Fields): Buffer {
    const { instanceUid } = this;
    const sequenceNum = this.sequence;
    this.sequence += 1;
    const bytes = AgentToServer.encode({
      instanceUid,
      sequenceNum,
      capabilities: CAPABILITIES,
      ...fields,
    }).finish();
    return Buffer.from(bytes);
  }
}
