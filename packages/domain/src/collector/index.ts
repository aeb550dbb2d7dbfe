/** Collector configs: what a collector of one team, or of many tenants, is told over OpAMP. */
export { buildDedicatedConfig } from './dedicated';
export { buildSharedConfig } from './shared';
export { INGESTION_KEY, isIngestionKey } from './keys';
export { SHARD_TENANTS } from './limits';
export type { BuildOptions, BuiltConfig, CollectorStorage, ReceiverEndpoints } from './context';
export type { CollectorCredentials, CollectorTarget, CollectorTeam, LeftOut } from './teams';
export type { CollectorConfig, Component, Pipeline } from './config';
