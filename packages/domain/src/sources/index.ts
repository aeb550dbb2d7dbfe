// HyperDX's sources: their kinds, what they name (tables, databases, each other), and those that a team starts with.
export { defaultSources } from './defaults';
export type { DefaultSource, DefaultSourceIds, DefaultSourcesInput } from './defaults';
export {
  LogSource,
  MetricSource,
  PromqlSource,
  SessionSource,
  SourceInput,
  sourceKinds,
  TraceSource,
} from './kinds';
export type { SourceKind } from './kinds';
export { fromExternalSource, toExternalSource } from './external';
export { listSourceReferences, requireDatabase } from './references';
export type { SourceReference } from './references';
export { scanDocument } from './scan';
export { parseSeeds, SeedError, seedSources } from './seeds';
export type { SeededSource, SeedInput, Seeds, SeedSource } from './seeds';
export { listSourceTables, mapSourceTables, suffixSource } from './tableNames';
export type { SourceTable } from './tableNames';
