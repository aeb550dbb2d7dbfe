import type { AgentConfigState } from '@hyperdx-tenancy/domain/contracts/collectorAgent';
import type { CollectorGroup } from '@hyperdx-tenancy/domain/contracts/collectorGroup';

import type { ConfigStatus } from './proto/codec';

/** Component types by kind: `receivers`, `processors`, `exporters`, `connectors`, `extensions`. */
export type ComponentTypes = Readonly<Record<string, readonly string[]>>;

/** Whom a token lets in. */
export interface Admitted {
  /** Id of the one config it opens: of a group, or of one of its shards. */
  shard: string;
  kind: CollectorGroup['kind'];
  /** Id of the token; what is open under it is closed when it is revoked. */
  token: string;
}

/** The config meant for an agent, as it goes over the wire. */
export interface Offer {
  shard: string;
  revision: number;
  /** SHA-256 of the config's text. */
  hashHex: string;
  /** `ServerToAgent.remote_config` encoded, its tag included: what is appended to a message makes that message carry it. */
  wire: Uint8Array;
  /** What a collector must have to run it. */
  requires: ComponentTypes;
}

/** What an agent said of a config. */
export interface ConfigReport {
  hash: string;
  status: ConfigStatus;
  /** Redacted and bounded. */
  error: string;
}

/**
 * The configs on offer, as the conversation with agents needs them: all of it answered from memory. What changes is told
 * by `onChange`.
 */
export interface Fleet {
  /** False until configs were read once. */
  readonly ready: boolean;
  /** The number of the last change that the configs on offer know of. */
  readonly revision: number;
  /** The number of the last change that may have been one of this shard's; 0 where nobody asked for it yet. */
  touchedAt(shard: string): number;
  /** Whom a token lets in, by its SHA-256 in hex. */
  admit(tokenHash: string): Admitted | 'revoked' | undefined;
  /** Whom an ingestion key lets in, where keys are accepted. */
  admitKey(key: string): Admitted | undefined;
  /** Whether anybody may still come as one who was let in before: false once the token, or the last key, is good no more. */
  isOpen(admitted: Admitted): boolean;
  /** `undefined` where the shard's config is at hand, as it mostly is; else a promise of it. Never rejects. */
  ensure(shard: string): Promise<void> | undefined;
  /** The config meant for an agent now. `undefined`: nothing is. */
  offerFor(shard: string, instanceUid: string): Offer | undefined;
  /**
   * Takes in what an agent reports on a config, at once for this process: the next `offerFor` knows of it. Called on news
   * alone, not for each message.
   */
  reported(shard: string, instanceUid: string, report: ConfigReport): void;
  /** Takes in a change of an agent's health, with the hash of the config that it has. */
  health(shard: string, instanceUid: string, healthy: boolean, hash: string | undefined): void;
  /** Whether an agent was seen to run a config, without a last word on it, before this process knew of the agent. */
  ranBefore(shard: string, instanceUid: string, hash: string): boolean;
  /** Takes secrets out of a text that an agent sent. */
  redact(text: string): string;
  /**
   * Calls back with the shards whose offers changed; `undefined`: which tokens are good changed. Returns the way to stop it.
   */
  onChange(listener: (shards: ReadonlySet<string> | undefined) => void): () => void;
}

/** What is kept of an agent beyond this process. */
export interface AgentNote {
  shard: string;
  token: string;
  instanceUid: string;
  /** False where messages of the agent were missed: it lives, and that is all that is certain. Another process may know more. */
  certain: boolean;
  transport: 'http' | 'websocket';
  capabilities: bigint;
  /** Of what it says of itself, those attributes that are kept; `undefined`: unchanged. */
  attributes: Readonly<Record<string, string>> | undefined;
  hash: string | undefined;
  status: ConfigStatus;
  error: string;
  state: AgentConfigState;
  /** Of the config that it is in step with. */
  revision: number;
  /** The last change that may have been one of its shard's. */
  touched: number;
  configRevision: number | undefined;
  healthy: boolean | undefined;
  lastError: string;
  /** Component types that it lacks for the config meant for it. */
  lacking: readonly string[];
}

/** Component types that some collector has. */
export interface KnownComponents {
  /** The same for the same types, whoever has them. */
  id: string;
  types: ComponentTypes;
  /** What they take in memory, roughly. */
  bytes: number;
}

/** Why an agent is gone. */
export type Departure = 'goodbye' | 'closed' | 'silent' | 'revoked';

/** Where what agents say is kept: in batches, bounded, never awaited by a conversation. */
export interface AgentLog {
  /** Notes how an agent stands. Called for each message; what changes nothing costs a look-up. */
  note(note: AgentNote): void;
  /** Keeps an agent's effective config, redacted; the text may be dropped where there is too much to do. */
  effectiveConfig(shard: string, instanceUid: string, files: ReadonlyMap<string, Uint8Array>): void;
  components(shard: string, instanceUid: string, components: KnownComponents): void;
  /** The agent is gone: it said goodbye, its connection ended, it was silent for too long, or its token is good no more. */
  gone(shard: string, instanceUid: string, why: Departure): void;
  /** The agent came with another token than before. */
  moved(instanceUid: string, from: Admitted, to: Admitted): void;
}
