import type { ShardInputs } from '../../../controllers/collectorConfigs';
import { readInputs, revisionKey } from '../../../controllers/collectorRevisions';
import { revisionsNeeded } from '../../../controllers/rolloutSteps';
import type { KnownRevisions } from '../../../controllers/rolloutSteps';
import type { ICollectorRollout } from '../../../models/collectorRollout';

/** Revisions that are kept in mind: two for each of a few thousand shards. */
const MAX_KEPT = 10_000;

/** What revisions were built from: read once, since they never change. */
export class RevisionCache {
  private readonly kept = new Map<string, ShardInputs>();

  /** Those that decide what a shard is offered; one that is gone is not among them. */
  async of(rollout: ICollectorRollout): Promise<KnownRevisions> {
    const shard = rollout._id;
    const numbers = revisionsNeeded(rollout);
    const missing = numbers.filter((number) => !this.kept.has(revisionKey(shard, number)));
    const read = await readInputs(missing.map((number) => ({ shard, number })));
    for (const [key, inputs] of read) this.keep(key, inputs);
    return new Map(
      numbers.flatMap((number) => {
        const key = revisionKey(shard, number);
        const inputs = this.kept.get(key) ?? read.get(key);
        return inputs ? [[number, inputs]] : [];
      }),
    );
  }

  /** Takes in what this process recorded itself. */
  remember(shard: string, number: number, inputs: ShardInputs): void {
    this.keep(revisionKey(shard, number), inputs);
  }

  private keep(key: string, inputs: ShardInputs): void {
    this.kept.set(key, inputs);
    if (this.kept.size <= MAX_KEPT) return;
    const [oldest] = this.kept.keys();
    if (oldest !== undefined) this.kept.delete(oldest);
  }
}
