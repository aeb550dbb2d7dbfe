import { bootstrapProcessors } from '../available';
import type { Section } from '../config';

/** HyperDX's id for the exporter of a team's own collector: everything but session replays. */
export const TEAM_EXPORTER = 'clickhouse';

const TENANT = '[0-9a-f]{24}';

/**
 * The ids that are ours, HyperDX's bootstrap file's or the supervisor's, whichever tenants a config has: nothing that an
 * operator adds may be called so. A test holds every config that is built against them.
 */
const reserved: Readonly<Record<Section | 'pipelines', RegExp>> = {
  receivers: /^(?:otlp\/hyperdx|fluentforward|prometheus|nop)$/,
  processors: new RegExp(`^(?:${bootstrapProcessors.join('|')})$`),
  connectors: /^routing\/(?:logs|replay|(?:rrweb-)?(?:logs|traces|metrics)-keys(?:-.*)?)$/,
  exporters: new RegExp(
    `^(?:clickhouse|clickhouse/rrweb|clickhouse/(?:rrweb-)?${TENANT}|debug/unrouted|(?:debug|otlp_?http)/quarantine-.*)$`,
  ),
  extensions: /^(?:bearertokenauth\/hyperdx|file_storage|health_check|opamp)$/,
  pipelines: new RegExp(
    `^(?:traces|metrics|logs/in|logs/out-default|logs/out-rrweb|(?:logs|traces|metrics)/(?:rrweb-)?(?:unrouted|keys-.*|${TENANT}))$`,
  ),
};

export function isReserved(section: Section | 'pipelines', id: string): boolean {
  return reserved[section].test(id);
}
