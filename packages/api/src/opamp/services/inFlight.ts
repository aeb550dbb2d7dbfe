import { TenancyError } from '@hyperdx-tenancy/domain/errors';

export interface InFlightLimits {
  total: number;
  /** So that the holder of one token cannot take all places with bodies that never end. */
  group: number;
}

/** Times the limit on a message: what bodies can take of memory, 256 MiB. */
const DEFAULT_LIMITS: InFlightLimits = { total: 64, group: 16 };

/** Counts the messages that are being read, and refuses more than there may be. */
export class InFlight {
  private readonly groups = new Map<string, number>();
  private total = 0;

  constructor(private readonly limits: InFlightLimits = DEFAULT_LIMITS) {}

  /**
   * Does the work in one of the places.
   * @throws TenancyError `overloaded` where none is free.
   */
  async run<T>(group: string, work: () => Promise<T>): Promise<T> {
    const mine = this.groups.get(group) ?? 0;
    if (this.total >= this.limits.total || mine >= this.limits.group) {
      throw new TenancyError('overloaded', 'Too many messages are being read at once.');
    }
    this.total += 1;
    this.groups.set(group, mine + 1);
    try {
      return await work();
    } finally {
      this.total -= 1;
      const left = (this.groups.get(group) ?? 1) - 1;
      if (left === 0) this.groups.delete(group);
      else this.groups.set(group, left);
    }
  }
}
