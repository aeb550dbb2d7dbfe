import { setImmediate as turn } from 'node:timers/promises';

import { TenancyError } from '@hyperdx-tenancy/domain/errors';

import type { Config } from '../config';
import type { ICollectorGroup } from '../models/collectorGroup';
import { buildShard, liveInputs } from './collectorConfigs';
import type { BuiltShard, ConfigSettings } from './collectorConfigs';
import { CollectorReader, reloadAfter } from './collectorReader';
import { Membership } from './collectorShards';
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
    before?: Membership,
  ) {
    this.membership = new Membership(snapshot, before);
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
    return new CollectorLook({ ...this.snapshot, groups }, this.settings);
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

/** What nobody looked at for so long is not kept: it has the passwords of all tenants. */
const KEPT_MS = 30_000;

/**
 * What operators look at: what changed is read again, so that who waits for a rollout, and asks each second, costs one small
 * query.
 */
export class CollectorDesk {
  private latest: CollectorLook | undefined;
  private reader: CollectorReader;
  private wholeMs = 0;
  private wholeAt = -Infinity;
  private reading: Promise<unknown> = Promise.resolve();
  private leaves: NodeJS.Timeout | undefined;

  constructor(
    readonly settings: DeskSettings,
    readonly context: Context,
  ) {
    this.reader = this.newReader();
  }

  /** @throws what MongoDB throws. */
  look(): Promise<CollectorLook> {
    // One after the other: what one reads the next finds.
    const look = this.reading.then(() => this.lookNow());
    this.reading = look.catch(() => undefined);
    return look;
  }

  private async lookNow(): Promise<CollectorLook> {
    clearTimeout(this.leaves);
    this.leaves = setTimeout(() => this.forget(), KEPT_MS).unref();
    const { latest } = this;
    const begun = performance.now();
    const isOld = begun - this.wholeAt > reloadAfter(this.wholeMs);
    if (latest && !isOld && latest.snapshot.revision === (await readRevision('collectors'))) {
      return latest;
    }
    const { snapshot, changed } = await (isOld ? this.reader.readAll() : this.reader.readChanges());
    if (!changed) {
      this.wholeAt = performance.now();
      this.wholeMs = this.wholeAt - begun;
    }
    this.latest = new CollectorLook(snapshot, this.settings, latest?.membership);
    return this.latest;
  }

  private forget(): void {
    this.latest = undefined;
    this.wholeAt = -Infinity;
    this.reader = this.newReader();
  }

  private newReader(): CollectorReader {
    return new CollectorReader({ config: this.settings, context: this.context });
  }
}
