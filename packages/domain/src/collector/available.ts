import { sameType, typeOf } from './componentTypes';
import type { Section } from './config';

/**
 * The component types of HyperDX's collector image (2.36, collector 0.155) by section. A config that
 * names another is refused there, by everyone it was meant for.
 */
export const availableComponents: Readonly<Record<Section, readonly string[]>> = {
  receivers: [
    'nop',
    'otlp',
    'datadog',
    'dockerstats',
    'filelog',
    'fluentforward',
    'hostmetrics',
    'k8s_cluster',
    'kubeletstats',
    'prometheus',
  ],
  processors: [
    'batch',
    'memory_limiter',
    'attributes',
    'cumulativetodelta',
    'filter',
    'groupbyattrs',
    'k8sattributes',
    'logdedup',
    'metricstransform',
    'probabilistic_sampler',
    'redaction',
    'resourcedetection',
    'resource',
    'span',
    'tail_sampling',
    'transform',
  ],
  connectors: ['forward', 'routing'],
  exporters: [
    'debug',
    'nop',
    'otlp',
    'otlp_grpc',
    'otlphttp',
    'clickhouse',
    'prometheusremotewrite',
  ],
  extensions: [
    'memory_limiter',
    'zpages',
    'bearertokenauth',
    'oidc',
    'file_storage',
    'health_check',
    'opamp',
    'pprof',
  ],
};

/** The processors that HyperDX's bootstrap file defines under these very ids; ours refer to them. */
export const bootstrapProcessors: readonly string[] = [
  'memory_limiter',
  'batch',
  'transform',
  'resourcedetection',
];

/** Whether HyperDX's image has the type of a component, under its present or a former name. */
export function isAvailable(section: Section, id: string): boolean {
  const type = typeOf(id);
  return availableComponents[section].some((available) => sameType(available, type));
}
