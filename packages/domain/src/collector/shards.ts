import { compareText } from './canonical';
import { SHARD_TENANTS } from './limits';

/**
 * Spreads tenants over the shards of a group, numbered from 1, by rendezvous hashing: each tenant goes to the shard of its
 * best score that has room. Nothing but the ids and the number of shards decides, so that every process, and every later
 * version, finds the same.
 *
 * Tenants choose in order of their ids, which grow with time: one that is added never moves another, and one more shard
 * takes its share from the others and moves nobody between them, as long as none of them is full.
 * @param capacity tenants in one shard, at the most.
 * @returns the shard of each tenant; a tenant for whom no shard has room is not in it.
 */
export function assignShards<Id extends string>(
  tenantIds: Iterable<Id>,
  shards: number,
  capacity: number = SHARD_TENANTS,
): Map<Id, number> {
  const room = new Array<number>(shards).fill(capacity);
  const assigned = new Map<Id, number>();
  for (const id of [...new Set(tenantIds)].sort(compareText)) {
    const shard = bestShard(hash(id), room);
    if (shard === undefined) break;
    room[shard - 1] = (room[shard - 1] ?? 0) - 1;
    assigned.set(id, shard);
  }
  return assigned;
}

function bestShard(seed: number, room: readonly number[]): number | undefined {
  let best: { shard: number; score: number } | undefined;
  for (const [index, free] of room.entries()) {
    if (free <= 0) continue;
    const shard = index + 1;
    const score = mix(seed ^ Math.imul(shard, GOLDEN));
    // On a tie the first: both are the same number in every process.
    if (best === undefined || score > best.score) best = { shard, score };
  }
  return best?.shard;
}

/** 2^32 divided by the golden ratio: neighbouring numbers end up far apart. */
const GOLDEN = 0x9e3779b1;

/** FNV-1a over the code units. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  return value >>> 0;
}

/** The last step of MurmurHash3: every bit of the input moves about half of the output's. */
function mix(value: number): number {
  let mixed = value;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
