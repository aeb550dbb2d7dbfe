import { countOf, mergeChanged } from './collectorChanges';
import type { Changed } from './collectorChanges';
import { readChanged, readParts, readRollouts } from './collectorParts';
import type { CollectorParts } from './collectorParts';
import { snapshotOf } from './collectorSnapshot';
import type { CollectorSnapshot, SnapshotSurroundings } from './collectorSnapshot';
import { readChanges, readRevision } from './revisions';

/** Everything is read again after this time, for changes whose writer died before it could tell. */
const RELOAD_MS = 30_000;
/** So much longer than reading everything takes, up to a limit: MongoDB has other things to do. */
const RELOAD_FACTOR = 30;
const RELOAD_MAX_MS = 5 * 60_000;

/** How long after everything was read it is read again, milliseconds. */
export function reloadAfter(tookMs: number, leastMs = RELOAD_MS): number {
  return Math.max(leastMs, Math.min(tookMs * RELOAD_FACTOR, RELOAD_MAX_MS));
}

/** What was read. */
export interface Reading {
  snapshot: CollectorSnapshot;
  /** What may differ from the snapshot before; `undefined`: everything. */
  changed: Changed | undefined;
}

/** Everything as it was at one time, not yet taken in. */
interface Prepared {
  parts: CollectorParts;
  revision: number;
  /** When reading began, by `performance.now()`. */
  at: number;
}

/**
 * Keeps a snapshot of all that configs depend on, and reads of it what changed: each change names its documents. It is
 * what a full read would give, but for changes whose writer died before it could name them: for those everything is read
 * now and then, aside, while changes go on being read.
 *
 * Rollouts are read before what they are compared with, and what changed until they were read is read after them: none is
 * newer than its surroundings, so that nobody takes an older config for the newer one.
 */
export class CollectorReader {
  private parts: CollectorParts | undefined;
  private snapshot: CollectorSnapshot | undefined;
  private prepared: Prepared | undefined;
  /** When rollouts were read that were read since everything was, by `performance.now()`. */
  private readonly rolloutsReadAt = new Map<string, number>();
  private fullAt = -Infinity;
  private readonly doubtful = new Set<string>();

  constructor(private readonly surroundings: SnapshotSurroundings) {}

  /** When reading the rollout of a shard began, by `performance.now()`. */
  rolloutReadAt(shard: string): number {
    return this.rolloutsReadAt.get(shard) ?? this.fullAt;
  }

  /** Whether all that a shard's config depends on was read after its rollout. */
  isWhole(shard: string): boolean {
    return !this.rolloutsReadAt.has(shard);
  }

  /** Has a rollout read again with the next changes: another process wrote to it. */
  doubt(shard: string): void {
    this.doubtful.add(shard);
  }

  /** Reads everything aside, for {@link readChanges} to take in: may run beside it. @throws what MongoDB throws. */
  async prepare(): Promise<void> {
    const at = performance.now();
    // Before the rest: a change in between is then seen as one more, and read again.
    const revision = await readRevision('collectors');
    this.prepared = { revision, at, parts: await readParts() };
  }

  /** Reads everything. Not to be called twice at once, nor beside {@link readChanges}. @throws what MongoDB throws. */
  async readAll(): Promise<Reading> {
    this.doubtful.clear();
    await this.prepare();
    const { prepared, snapshot: before } = this;
    if (!prepared) throw new Error('nothing was read');
    this.prepared = undefined;
    const { parts, revision, at } = prepared;
    const snapshot = await snapshotOf(parts, revision, this.surroundings, before);
    this.rolloutsReadAt.clear();
    this.fullAt = at;
    this.parts = parts;
    this.snapshot = snapshot;
    return { snapshot, changed: undefined };
  }

  /** Reads what changed; everything where that is not known. @throws what MongoDB throws. */
  async readChanges(): Promise<Reading> {
    const { prepared, snapshot: before } = this;
    const since = prepared ?? this.present();
    if (!since) return this.readAll();
    const first = await readChanges('collectors', since.revision);
    if (!first.changed) return this.readAll();
    const rollouts = [...new Set([...(first.changed.rollouts ?? []), ...this.doubtful])];
    this.doubtful.clear();
    const readAt = performance.now();
    const base = await readRollouts(since.parts, rollouts);
    // What was written before those rollouts were.
    const last = rollouts.length === 0 ? first : await readChanges('collectors', since.revision);
    if (!last.changed) return this.readAll();
    const { parts, read } = await readChanged(base, last.changed);
    const changed = prepared ? undefined : mergeChanged([{ ...read, rollouts }]);
    const snapshot =
      before && changed && countOf(changed) === 0
        ? { ...before, revision: first.revision }
        : await snapshotOf(parts, first.revision, this.surroundings, before, changed);
    if (prepared) {
      this.rolloutsReadAt.clear();
      this.fullAt = prepared.at;
      if (this.prepared === prepared) this.prepared = undefined;
    }
    for (const shard of rollouts) this.rolloutsReadAt.set(shard, readAt);
    this.parts = parts;
    this.snapshot = snapshot;
    return { snapshot, changed };
  }

  private present(): Pick<Prepared, 'parts' | 'revision'> | undefined {
    const { parts, snapshot } = this;
    return parts && snapshot && { parts, revision: snapshot.revision };
  }
}
