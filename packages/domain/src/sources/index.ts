// HyperDX's sources: their kinds, the table names they carry, and the four that a team starts with.
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
export { listSourceTables, mapSourceTables, suffixSource } from './tableNames';
export type { SourceTable } from './tableNames';
