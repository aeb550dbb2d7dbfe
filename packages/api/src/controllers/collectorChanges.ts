/** Kinds of documents that the collectors' configs, and what becomes of them, depend on. */
export const changeKinds = [
  'tenants',
  'teams',
  'tokens',
  'groups',
  'rollouts',
  'quarantines',
] as const;
export type ChangeKind = (typeof changeKinds)[number];

/** Ids of documents that were written or removed, by their kind; object ids in hex. */
export type Changed = Readonly<Partial<Record<ChangeKind, readonly string[]>>>;

/** Ids that one note holds, at the most: of a change that touches more, everything is read again. */
const MAX_NOTED = 32;

/** How many documents changed. */
export function countOf(changed: Changed): number {
  return changeKinds.reduce((sum, kind) => sum + (changed[kind]?.length ?? 0), 0);
}

/** Whether a change is small enough to be noted. */
export function isNotable(changed: Changed): boolean {
  return countOf(changed) <= MAX_NOTED;
}

/** All that changed, each id once. */
export function mergeChanged(all: Iterable<Changed>): Changed {
  const merged = new Map<ChangeKind, Set<string>>();
  for (const changed of all) {
    for (const kind of changeKinds) {
      const ids = changed[kind] ?? [];
      if (ids.length === 0) continue;
      const known = merged.get(kind) ?? new Set();
      for (const id of ids) known.add(id);
      merged.set(kind, known);
    }
  }
  return Object.fromEntries([...merged].map(([kind, ids]) => [kind, [...ids]]));
}
