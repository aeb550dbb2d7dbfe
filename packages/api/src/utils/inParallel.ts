/**
 * Does work for each item, so many at once. After a failure no further item is begun; those under way are waited for.
 * @throws the first failure.
 */
export async function inParallel<T>(
  items: Iterable<T>,
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  const queue = [...items].values();
  async function worker(): Promise<void> {
    // All workers draw from one iterator.
    for (const item of queue) {
      await work(item).catch((error: unknown) => failures.push(error));
      if (failures.length > 0) return;
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (failures.length > 0) throw failures[0];
}
