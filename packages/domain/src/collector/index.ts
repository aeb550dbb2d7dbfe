/** Collector configs: what a collector of one team, or of many tenants, is told over OpAMP. */
export { buildDedicatedConfig } from './dedicated';
export type { DedicatedInput } from './dedicated';
export { buildSharedConfig } from './shared';
export type { SharedInput } from './shared';
export { INGESTION_KEY, isIngestionKey } from './keys';
export { SHARD_TENANTS } from './limits';
export { assignShards } from './shards';
export type {
  BuildOptions,
  BuiltConfig,
  CollectorStorage,
  ExtraReceivers,
  ReceiverEndpoints,
} from './context';
export type { CollectorCredentials, CollectorTarget, CollectorTeam, LeftOut } from './teams';
export type { CollectorConfig, Component, Pipeline } from './config';

// What operators set
export { checkFragment } from './fragment/checkFragment';
export type { ParsedFragment } from './fragment/checkFragment';
export { checkGroupOptions, groupSettings } from './settings';
export type { ConfigKind, GroupSettings, PlatformSettings } from './settings';

// What a collector must have
export { requiredComponents } from './componentTypes';
export type { ComponentTypes } from './componentTypes';

// Without secrets
export { prettyJson } from './canonical';
export { redactConfig } from './redact/redactConfig';
export {
  MAX_EFFECTIVE_CHARACTERS,
  redactEffective,
  redactingEffective,
} from './redact/redactEffective';
export { REDACTED, redactText } from './redact/sensitive';
export type { IsSecret } from './redact/sensitive';
