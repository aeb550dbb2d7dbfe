import { compareText } from './canonical';
import { sections } from './config';
import type { CollectorConfig } from './config';

/** Component types by section: `receivers`, `processors`, `connectors`, `exporters`, `extensions`. */
export type ComponentTypes = Readonly<Record<string, readonly string[]>>;

/** The type that a component's id begins with. */
export function typeOf(id: string): string {
  return id.split('/', 1)[0] ?? '';
}

/**
 * The types that a collector must have to run a config: of all that it defines, and of the processors that its pipelines
 * name and a bootstrap file defines. Sorted; sections without an entry are absent.
 */
export function requiredComponents(config: CollectorConfig): ComponentTypes {
  const named = Object.values(config.service.pipelines).flatMap(
    ({ processors }) => processors ?? [],
  );
  return Object.fromEntries(
    sections.flatMap((section): [string, string[]][] => {
      const ids = [
        ...Object.keys(config[section] ?? {}),
        ...(section === 'processors' ? named : []),
      ];
      const types = [...new Set(ids.map(typeOf))].sort(compareText);
      return types.length > 0 ? [[section, types]] : [];
    }),
  );
}

/**
 * Whether two names are of one type. Collectors rename theirs to snake case and take the former name in a config for a
 * while: `otlphttp` is `otlp_http` since 0.144, `resourcedetection` is `resource_detection` in 0.155.
 */
export function sameType(a: string, b: string): boolean {
  return a.replaceAll('_', '') === b.replaceAll('_', '');
}
