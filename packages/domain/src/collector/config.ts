/** What JSON can say; a collector reads JSON as the YAML that it is. */
export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** Settings of one component. */
export type Component = Readonly<Record<string, Json>>;

/** One pipeline. Without `processors` a bootstrap file's own list for that pipeline stays in force. */
export interface Pipeline {
  readonly receivers: readonly string[];
  readonly processors?: readonly string[];
  readonly exporters: readonly string[];
}

/** The kinds of component a config defines, by the name of their section. */
export const sections = [
  'receivers',
  'processors',
  'connectors',
  'exporters',
  'extensions',
] as const;
export type Section = (typeof sections)[number];

/** What one component adds to a config: definitions under their ids, and pipelines. */
export type Fragment = Partial<Record<Section, Readonly<Record<string, Component>>>> & {
  readonly pipelines?: Readonly<Record<string, Pipeline>>;
};

/** A whole config. Sections without an entry are absent: an empty list would replace the bootstrap's. */
export type CollectorConfig = Partial<Record<Section, Readonly<Record<string, Component>>>> & {
  readonly service: {
    readonly extensions?: readonly string[];
    readonly pipelines: Readonly<Record<string, Pipeline>>;
  };
};

/**
 * A value that is to arrive as it is written. The collector expands `${env:NAME}` in every string and
 * reads `$$` as one `$`, so a doubled `$` is all that is needed.
 */
export function literal(value: string): string {
  return value.replaceAll('$', '$$$$');
}

/** A value the collector takes from its own environment. */
export function fromEnvironment(name: string): string {
  return `\${env:${name}}`;
}
