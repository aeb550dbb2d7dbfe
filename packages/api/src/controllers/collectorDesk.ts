import { setImmediate as turn } from 'node:timers/promises';

import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import type { Config } from '../config';
import type { ICollectorGroup } from '../models/collectorGroup';
import { buildShard, liveInputs } from './collectorConfigs';
import type { BuiltShard, ConfigSettings } from './collectorConfigs';
import { Membership } from './collectorShards';
import { loadCollectorSnapshot } from './collectorSnapshot';
import type { CollectorSnapshot } from './collectorSnapshot';
import type { Context } from './context';
import { readRevision } from './revisions';

/** What the configs shown to operators are built with. */
export type DeskSettings = ConfigSettings & Pick<Config, 'collectorToken'>;

/** What is wrong with a config. */
export interface ShardFaults {
  leftOut: { team: string; tenant: string; reason: string }[];
  warnings: string[];
}

const MAX_LEFT_OUT = 100;
const MAX_WARNINGS = 20;

/** What is wrong with a config that was built, or why it was not. */
export function faultsOf(built: BuiltShard | undefined): ShardFaults {
  if (!built) return { leftOut: [], warnings: ['Nobody of it can be written for now.'] };
  return {
    leftOut: built.leftOut
      .slice(0, MAX_LEFT_OUT)
      .map(({ teamId, tenantId, reason }) => ({ team: teamId, tenant: tenantId, reason })),
    warnings: built.warnings.slice(0, MAX_WARNINGS),
  };
}

/** All that configs depend on at one time, and what is found of it. */
export class CollectorLook {
  readonly membership: Membership;
  private readonly faults = new Map<string, Promise<ShardFaults>>();

  constructor(
    readonly snapshot: CollectorSnapshot,
    private readonly settings: DeskSettings,
    readonly at: number,
  ) {
    this.membership = new Membership(snapshot);
  }

  /** The config of a shard as its settings are; `undefined` where there is none. @throws as `buildShard`. */
  async build(shard: string): Promise<BuiltShard | undefined> {
    const source = this.membership.sourceOf(shard);
    if (!source) return undefined;
    // A large one takes tens of milliseconds: agents are answered in between.
    await turn();
    return buildShard(source, liveInputs(source), this.settings);
  }

  /** What is wrong with the config of a shard; found once. */
  faultsOf(shard: string): Promise<ShardFaults> {
    const known = this.faults.get(shard);
    if (known) return known;
    const found = this.findFaults(shard);
    this.faults.set(shard, found);
    return found;
  }

  /** The same, had a group other settings. */
  with(group: ICollectorGroup): CollectorLook {
    const groups = new Map(this.snapshot.groups).set(group._id, group);
    return new CollectorLook({ ...this.snapshot, groups }, this.settings, this.at);
  }

  private async findFaults(shard: string): Promise<ShardFaults> {
    try {
      return faultsOf(await this.build(shard));
    } catch (error) {
      // A fragment that was stored, and is no longer taken.
      if (!(error instanceof TenancyError)) throw error;
      return { leftOut: [], warnings: [error.message] };
    }
  }
}

/** As for the fleet: changes whose writer died before it could tell are seen by then. */
const MAX_AGE_MS = 30_000;

/**
 * What operators look at: read again when something changed, so that who waits for a rollout, and asks each second, costs
 * one small query.
 */
export class CollectorDesk {
  private latest: Promise<CollectorLook> | undefined;
  private leaves: NodeJS.Timeout | undefined;

  constructor(
    readonly settings: DeskSettings,
    readonly context: Context,
  ) {}

  async look(): Promise<CollectorLook> {
    const [known, revision] = await Promise.all([this.latest, readRevision('collectors')]);
    const now = this.context.now().getTime();
    if (known?.snapshot.revision === revision && now - known.at < MAX_AGE_MS) return known;
    const read = this.read(known, now);
    this.latest = read;
    read.catch(() => {
      if (this.latest === read) this.latest = undefined;
    });
    return read;
  }

  private async read(before: CollectorLook | undefined, now: number): Promise<CollectorLook> {
    const snapshot = await loadCollectorSnapshot(this.settings, this.context, before?.snapshot);
    // Passwords of all tenants are not kept for nobody.
    clearTimeout(this.leaves);
    this.leaves = setTimeout(() => (this.latest = undefined), MAX_AGE_MS).unref();
    return new CollectorLook(snapshot, this.settings, now);
  }
}
