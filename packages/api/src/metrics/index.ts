export { metricKinds, OTHER } from './kinds';
export type { Labels, MetricKind, MetricName } from './kinds';
export { measureConfig, measureReconcile } from './measure';
export { fullName, Metrics, secondsSince } from './metrics';
