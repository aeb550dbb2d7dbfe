import { isDeepStrictEqual } from 'node:util';

import { buildShard } from '../../../controllers/collectorConfigs';
import type {
  BuiltShard,
  ConfigSettings,
  ShardInputs,
} from '../../../controllers/collectorConfigs';
import type { ShardSource } from '../../../controllers/collectorShards';
import type { Offer } from '../../fleet';
import { encodeRemoteConfig } from '../../proto/codec';

/** A config that was built, with what it was built from. */
export interface ShardConfig {
  source: ShardSource;
  inputs: ShardInputs;
  hashHex: string;
  /** As it goes over the wire. */
  wire: Uint8Array;
  requires: Offer['requires'];
}

/** Whether building again would make the same: teams that did not change are the same objects from one read to the next. */
export function isBuiltFrom(
  config: ShardConfig,
  source: ShardSource,
  inputs: ShardInputs,
): boolean {
  const { source: of } = config;
  return (
    sameList(of.teams, source.teams) &&
    sameList([...of.quarantined], [...source.quarantined]) &&
    of.complete === source.complete &&
    sameList(config.inputs.tenants, inputs.tenants) &&
    config.inputs.fragment === inputs.fragment &&
    isDeepStrictEqual(config.inputs.options, inputs.options)
  );
}

function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

/**
 * Builds a config and puts it into the form that all its agents are sent.
 * @returns also what was built, with its secrets: not to be kept longer than it takes to record it.
 * @throws as `buildShard`.
 */
export function makeConfig(
  source: ShardSource,
  inputs: ShardInputs,
  settings: ConfigSettings,
): { config: ShardConfig; built: BuiltShard } | undefined {
  const built = buildShard(source, inputs, settings);
  if (!built) return undefined;
  const wire = encodeRemoteConfig(Buffer.from(built.body), Buffer.from(built.hashHex, 'hex'));
  const { hashHex, requires } = built;
  return { config: { source, inputs, hashHex, wire, requires }, built };
}

/** What agents are told of a config: under the number of a revision. */
export function offerOf({ source, hashHex, wire, requires }: ShardConfig, revision: number): Offer {
  return { shard: source.id, revision, hashHex, wire, requires };
}
