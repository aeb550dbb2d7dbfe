import type { GroupOptions } from '../contracts/collectorGroup';
import type { TenantId } from '../ids';
import type { CollectorConfig, Fragment } from './config';
import type { ParsedFragment } from './fragment/checkFragment';
import type { Limits } from './limits';
import type { LeftOut, TenantRoute } from './teams';

/** Where the OTLP receiver listens. */
export interface ReceiverEndpoints {
  grpc: string;
  http: string;
}

/** HyperDX's own addresses, those its collector image exposes. */
export const defaultReceiverEndpoints: ReceiverEndpoints = {
  grpc: '0.0.0.0:4317',
  http: '0.0.0.0:4318',
};

/** A volume of the collector, for queues that outlive its process. */
export interface CollectorStorage {
  extension: 'file_storage';
  directory: string;
}

/** What is common to both builders. */
export interface BuildOptions {
  /** A random ingestion key that nobody has: keeps the receivers up, answering 401, when no team is served. */
  placeholderToken: string;
  /** The limit of the collector's `memory_limiter`, 1500 in HyperDX's image. */
  memoryLimitMiB?: number;
  /** Writes that limit into the config, in place of the bootstrap's. */
  statesMemoryLimit?: boolean;
  /** MiB of one tenant's queue of one signal, instead of its share of memory. */
  queueMiB?: number;
  storage?: CollectorStorage;
  receivers?: ReceiverEndpoints;
  /** What operators add: by `checkFragment`, for this kind of config. */
  fragment?: ParsedFragment;
}

/** Receivers of a team's own collector beside OTLP; what comes in by them carries no key. */
export type ExtraReceivers = NonNullable<GroupOptions['receivers']>;

/** The tenants of a shared config that are kept apart, since writing for them fails. */
export interface Quarantine {
  readonly tenants: ReadonlySet<TenantId>;
  /** OTLP/HTTP address of collectors that serve them; without it their senders are asked to try again later. */
  readonly endpoint: string | undefined;
}

/** What the components are built from. */
export interface BuildContext {
  readonly endpoints: ReceiverEndpoints;
  /** The keys that are let in; none means that the receiver asks for no key. */
  readonly tokens: readonly string[];
  /** Sorted by id. */
  readonly tenants: readonly TenantRoute[];
  readonly limits: Limits;
  readonly storage: CollectorStorage | undefined;
  /** MiB that the config states as the collector's limit; `undefined`: the bootstrap's holds. */
  readonly memoryLimitMiB: number | undefined;
  readonly quarantine: Quarantine;
  readonly extraReceivers: ExtraReceivers;
}

/** One component of a config. */
export type ComponentBuilder = (context: BuildContext) => Fragment;

/** A config and what its owner should know of it. */
export interface BuiltConfig {
  config: CollectorConfig;
  /** Canonical JSON: equal configs have equal bytes. */
  body: string;
  leftOut: LeftOut[];
  warnings: string[];
}
