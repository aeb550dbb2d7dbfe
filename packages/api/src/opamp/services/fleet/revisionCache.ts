import { readInputs, revisionKey } from '../../../controllers/collectorRevisions';
import { revisionsNeeded } from '../../../controllers/rolloutSteps';
import type { KnownRevisions } from '../../../controllers/rolloutSteps';
import type { ShardInputs } from '../../../controllers/collectorConfigs';
import type { ICollectorRollout } from '../../../models/collectorRollout';

/** Shards of which revisions are kept in mind, two or three of each: as many as there are configs of. */
const MAX_SHARDS = 10_000;

/** What the revisions in use were built from: read once, since they never change while their group is there. */
export class RevisionCache {
  private readonly kept = new Map<string, Map<number, ShardInputs>>();

  /** Those that decide what a shard is offered; one that is gone is not among them. */
  async of(rollout: ICollectorRollout): Promise<KnownRevisions> {
    const shard = rollout._id;
    const known = this.kept.get(shard);
    const numbers = revisionsNeeded(rollout);
    const missing = numbers.filter((number) => known?.has(number) !== true);
    const read = await readInputs(missing.map((number) => ({ shard, number })));
    const inUse = new Map<number, ShardInputs>();
    for (const number of numbers) {
      const inputs = known?.get(number) ?? read.get(revisionKey(shard, number));
      if (inputs) inUse.set(number, inputs);
    }
    this.keep(shard, inUse);
    return new Map(inUse);
  }

  /** Takes in what this process recorded itself. */
  remember(shard: string, number: number, inputs: ShardInputs): void {
    this.keep(shard, new Map(this.kept.get(shard)).set(number, inputs));
  }

  /** The group is gone, or another one with its name. */
  forget(shard: string): void {
    this.kept.delete(shard);
  }

  private keep(shard: string, revisions: Map<number, ShardInputs>): void {
    this.kept.delete(shard);
    this.kept.set(shard, revisions);
    if (this.kept.size <= MAX_SHARDS) return;
    const [oldest] = this.kept.keys();
    if (oldest !== undefined) this.kept.delete(oldest);
  }
}
