import { TenancyError } from '../errors';
import { assemble } from './assemble';
import { canonicalJson, compareText } from './canonical';
import { defaultReceiverEndpoints } from './context';
import type { BuildContext, BuildOptions, BuiltConfig, ComponentBuilder } from './context';
import { isIngestionKey } from './keys';
import { DEFAULT_MEMORY_LIMIT_MIB, limitsFor, SHARD_TENANTS } from './limits';
import { admitTeams } from './teams';
import type { CollectorTeam } from './teams';

/**
 * The way from teams to a config that both builders go.
 * @param layout the components of the config, built in turn from one context.
 * @param authenticate false lets requests in without a key, where there is somebody to take them.
 * @throws TenancyError `internal` for a placeholder token that is no ingestion key.
 */
export function buildConfig(
  input: { teams: readonly CollectorTeam[]; authenticate: boolean } & BuildOptions,
  layout: readonly ComponentBuilder[],
): BuiltConfig {
  const { placeholderToken, storage, memoryLimitMiB = DEFAULT_MEMORY_LIMIT_MIB } = input;
  if (!isIngestionKey(placeholderToken)) {
    throw new TenancyError(
      'internal',
      'The placeholder token has to follow the ingestion key rule.',
    );
  }
  const { tenants, leftOut } = admitTeams(input.teams);
  const limits = limitsFor({
    tenants: tenants.length,
    memoryLimitMiB,
    onDisk: storage !== undefined,
  });
  const context: BuildContext = {
    endpoints: input.receivers ?? defaultReceiverEndpoints,
    tokens: admittedTokens(tenants, input),
    tenants,
    limits,
    storage,
  };
  const config = assemble(layout.map((component) => component(context)));
  return { config, body: canonicalJson(config), leftOut, warnings: warningsOf(context) };
}

/** The guard of a collector without tenants is up: it holds one token, which nobody has. */
function admittedTokens(
  tenants: BuildContext['tenants'],
  { authenticate, placeholderToken }: { authenticate: boolean; placeholderToken: string },
): string[] {
  if (tenants.length === 0) return [placeholderToken];
  return authenticate ? tenants.flatMap(({ keys }) => keys).sort(compareText) : [];
}

function warningsOf({ tenants, limits }: BuildContext): string[] {
  const warnings: string[] = [];
  if (tenants.length > SHARD_TENANTS) {
    warnings.push(
      `${tenants.length} tenants in one collector start slowly; spread them over groups of at most ${SHARD_TENANTS}.`,
    );
  }
  if (limits.crowded) {
    warnings.push(
      `Its memory leaves less than 2 MiB for each queue of ${tenants.length} tenants: requests are limited to ${limits.requestMiB} MiB, and a large one may be refused again and again. Give the collector more memory or a volume for its queues, or spread the tenants over more groups.`,
    );
  }
  return warnings;
}
