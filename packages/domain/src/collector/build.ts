import { TenancyError } from '../errors';
import { assemble } from './assemble';
import { canonicalJson, compareText } from './canonical';
import type { Fragment } from './config';
import { defaultReceiverEndpoints } from './context';
import type {
  BuildContext,
  BuildOptions,
  BuiltConfig,
  ComponentBuilder,
  ExtraReceivers,
  Quarantine,
} from './context';
import { isIngestionKey } from './keys';
import { DEFAULT_MEMORY_LIMIT_MIB, limitsFor, MIB, SHARD_TENANTS } from './limits';
import type { ConfigKind } from './settings';
import { admitTeams } from './teams';
import type { CollectorTeam } from './teams';

/**
 * The way from teams to a config that both builders go.
 * @param layout the components of the config, built in turn from one context.
 * @param authenticate false lets requests in without a key, where there is somebody to take them.
 * @throws TenancyError `internal` for a placeholder token that is no ingestion key, and for a fragment of the other kind.
 */
export function buildConfig(
  input: {
    kind: ConfigKind;
    teams: readonly CollectorTeam[];
    authenticate: boolean;
    quarantine: Quarantine;
    extraReceivers: ExtraReceivers;
  } & BuildOptions,
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
    queueMiB: input.queueMiB,
  });
  const context: BuildContext = {
    endpoints: input.receivers ?? defaultReceiverEndpoints,
    tokens: admittedTokens(tenants, input),
    tenants,
    limits,
    storage,
    memoryLimitMiB: input.statesMemoryLimit === true ? memoryLimitMiB : undefined,
    quarantine: input.quarantine,
    extraReceivers: input.extraReceivers,
  };
  const config = assemble([
    ...layout.map((component) => component(context)),
    operatorsFragment(input, tenants.length > 0),
  ]);
  return { config, body: canonicalJson(config), leftOut, warnings: warningsOf(context) };
}

/** One that ends at the team's exporter is left out with it: what its receivers took in would be lost. */
function operatorsFragment(
  { kind, fragment }: Pick<BuildOptions, 'fragment'> & { kind: ConfigKind },
  served: boolean,
): Fragment {
  if (fragment === undefined) return {};
  if (fragment.kind !== kind) {
    throw new TenancyError('internal', `A ${fragment.kind} fragment is for no ${kind} config.`);
  }
  return fragment.endsAtTeam && !served ? {} : fragment.parts;
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
      `Each queue of ${tenants.length} tenants has less than 2 MiB: requests are limited to ${limits.requestMiB} MiB, and a large one may be refused again and again. Give the queues more room, the collector more memory or a volume for them, or spread the tenants over more groups.`,
    );
  }
  if (limits.overcommitted) {
    warnings.push(
      `Queues of ${limits.queueBytes / MIB} MiB for ${tenants.length} tenants can fill more than half of the memory: the collector then refuses data for all of them. Make them smaller where they can be, give the collector more memory or a volume for its queues, or spread the tenants over more groups.`,
    );
  }
  return warnings;
}
