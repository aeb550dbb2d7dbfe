import { TenancyError } from '@hyperdx-tenancy/domain/errors';

export interface InFlightLimits {
  /** Bytes in all. */
  total: number;
  /** So that the holder of one token cannot take all of it with messages that never end. */
  token: number;
}

const MIB = 1024 * 1024;
export const IN_FLIGHT_LIMITS: InFlightLimits = { total: 256 * MIB, token: 64 * MIB };

/** What a message is counted as before a byte of it has come: most have fewer. */
export const FIRST_BYTES = 4 * 1024;
/** Larger ones are counted in steps, so that a body in small pieces costs no more than one in large ones. */
const STEP_BYTES = 64 * 1024;

/** Counts the bytes of messages that are being read, over HTTP and WebSockets, and refuses more than there may be. */
export class InFlight {
  private readonly tokens = new Map<string, number>();
  private total = 0;

  constructor(private readonly limits: InFlightLimits = IN_FLIGHT_LIMITS) {}

  /**
   * Makes room for a message of a token.
   * @param held what is held for it already, of this function.
   * @param size what it has by now.
   * @returns what is held for it from now on, which is given back by {@link give}.
   * @throws TenancyError `overloaded` where there is no room; what was held is held still.
   */
  grow(token: string, held: number, size: number): number {
    if (size <= held) return held;
    const next = held === 0 ? Math.max(size, FIRST_BYTES) : Math.max(size, held + STEP_BYTES);
    const mine = this.tokens.get(token) ?? 0;
    const more = next - held;
    if (this.total + more > this.limits.total || mine + more > this.limits.token) {
      throw new TenancyError('overloaded', 'Too many messages are being read at once.');
    }
    this.total += more;
    this.tokens.set(token, mine + more);
    return next;
  }

  give(token: string, held: number): void {
    if (held === 0) return;
    this.total -= held;
    const left = (this.tokens.get(token) ?? held) - held;
    if (left === 0) this.tokens.delete(token);
    else this.tokens.set(token, left);
  }

  /** Bytes that are held now. */
  get size(): number {
    return this.total;
  }
}
