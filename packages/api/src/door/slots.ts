import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';

interface Waiter {
  go(): void;
}

export interface SlotsOptions {
  /** Queries that run at once, of all tenants together. */
  slots: number;
  /** Queries that may wait. @default 1_000 */
  maxWaiting?: number;
  /** How long one waits, at the most. @default 10_000 */
  maxWaitMs?: number;
}

const busy = (): TenancyError =>
  new TenancyError('overloaded', 'Too many queries run on this ClickHouse.', {
    retryAfterSeconds: 1,
  });

/**
 * Places for queries on one target. While there are none, tenants take turns: a place that becomes free goes to the
 * tenant that has waited longest since its last turn, however many queries the others have waiting.
 */
export class FairSlots {
  // A map keeps the order of insertion: the first tenant is next.
  private readonly waiting = new Map<TenantId, Waiter[]>();
  private waiters = 0;
  private free: number;
  private readonly maxWaiting: number;
  private readonly maxWaitMs: number;

  constructor({ slots, maxWaiting = 1_000, maxWaitMs = 10_000 }: SlotsOptions) {
    this.free = slots;
    this.maxWaiting = maxWaiting;
    this.maxWaitMs = maxWaitMs;
  }

  /** Takes a place if there is one, since nobody waits then. It is given back by {@link release}, once. */
  takeFree(): boolean {
    if (this.free === 0) return false;
    this.free -= 1;
    return true;
  }

  /**
   * Waits for a place; it is given back in the same way.
   * @param signal ends the wait of a caller who has left.
   * @throws TenancyError `overloaded` where too many wait, or it takes too long; the signal's reason.
   */
  async take(tenant: TenantId, signal: AbortSignal): Promise<void> {
    if (this.takeFree()) return;
    signal.throwIfAborted();
    if (this.waiters >= this.maxWaiting) throw busy();
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        go: () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', left);
          resolve();
        },
      };
      const leave = (reason: Error): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', left);
        this.forget(tenant, waiter);
        reject(reason);
      };
      const left = (): void => leave(signal.reason as Error);
      const timer = setTimeout(() => leave(busy()), this.maxWaitMs);
      signal.addEventListener('abort', left, { once: true });
      const queue = this.waiting.get(tenant);
      if (queue) queue.push(waiter);
      else this.waiting.set(tenant, [waiter]);
      this.waiters += 1;
    });
  }

  /** Gives a place to whose turn it is. */
  release(): void {
    const [next] = this.waiting;
    if (!next) {
      this.free += 1;
      return;
    }
    const [tenant, queue] = next;
    const waiter = queue.shift();
    this.waiters -= 1;
    this.waiting.delete(tenant);
    if (queue.length > 0) this.waiting.set(tenant, queue);
    waiter?.go();
  }

  private forget(tenant: TenantId, waiter: Waiter): void {
    const queue = this.waiting.get(tenant);
    const index = queue?.indexOf(waiter) ?? -1;
    if (!queue || index < 0) return;
    queue.splice(index, 1);
    this.waiters -= 1;
    if (queue.length === 0) this.waiting.delete(tenant);
  }
}
