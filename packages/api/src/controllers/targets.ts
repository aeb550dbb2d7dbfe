import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { baseNames } from '@hyperdx-tenancy/domain/tables';
import type { SiteTemplates } from '@hyperdx-tenancy/domain/tables';

import { Target } from '../clickhouse/target';
import type { TargetConfig } from '../configFiles/targets';
import type { Logger } from '../utils/logger';

/** How much of a target is taken, and what it may hold. */
export interface TargetRoom {
  tables: number;
  parts: number;
  /** The share of the scarcer of both that is left, 0 to 1; 1 where nothing is limited. */
  left: number;
}

/** Tenants made in a row are placed by one look at the servers; what they add is counted along. */
const ROOM_MS = 5_000;

/** Makes room known to be taken before the server shows it. */
const OBJECTS_PER_TENANT = baseNames.length;

function share(used: number, limit: number | undefined): number {
  return limit === undefined ? 1 : Math.max(0, 1 - used / limit);
}

/** The ClickHouse targets of this install. */
export class Targets {
  private readonly byName: ReadonlyMap<string, Target>;
  private readonly rooms = new Map<string, { at: number; room: Promise<TargetRoom> }>();

  constructor(
    configs: readonly TargetConfig[],
    site: SiteTemplates,
    log: Logger,
    private readonly now: () => Date,
  ) {
    this.byName = new Map(
      configs.map((config) => [config.name, new Target(config, site, log, now)]),
    );
  }

  get all(): readonly Target[] {
    return [...this.byName.values()];
  }

  /** @throws TenancyError `target_unknown`. */
  get(name: string): Target {
    const target = this.byName.get(name);
    if (target) return target;
    throw new TenancyError('target_unknown', `target: there is no target "${name}".`);
  }

  /** Tables and active parts of a target's server, all databases together. @throws as `Target.select`. */
  async room(target: Target): Promise<TargetRoom> {
    const now = this.now().getTime();
    const known = this.rooms.get(target.name);
    if (known && now - known.at < ROOM_MS) return known.room;
    const asked = { at: now, room: this.askRoom(target) };
    this.rooms.set(target.name, asked);
    asked.room.catch(() => {
      if (this.rooms.get(target.name) === asked) this.rooms.delete(target.name);
    });
    return asked.room;
  }

  /**
   * The target of a new tenant: the one that is asked for, else the one with most room left.
   * @throws TenancyError `target_unknown`, `target_full`; `clickhouse_unavailable` where none can be asked.
   */
  async place(wanted?: string): Promise<Target> {
    const candidates = wanted === undefined ? this.all : [this.get(wanted)];
    const [only] = candidates;
    // Nothing to compare and nothing to exceed: no question to a server that may be away.
    if (only && candidates.length === 1 && isUnlimited(only)) return only;
    const asked = await Promise.allSettled(candidates.map((target) => this.room(target)));
    const rooms = asked.flatMap((answer, index) => {
      const target = candidates[index];
      return target && answer.status === 'fulfilled' ? [{ target, room: answer.value }] : [];
    });
    // The first of equals: the order of the configuration decides.
    const [best] = rooms
      .filter(({ target, room }) => hasRoom(target, room))
      .sort((a, b) => b.room.left - a.room.left || a.room.tables - b.room.tables);
    if (best) {
      best.room.tables += OBJECTS_PER_TENANT;
      best.room.left = leftOf(best.target, best.room);
      return best.target;
    }
    const failed = asked.find((answer) => answer.status === 'rejected');
    if (failed) throw failed.reason;
    throw new TenancyError(
      'target_full',
      `target: ${candidates.map(({ name }) => name).join(', ')} has no room for another tenant; ` +
        'raise its capacity, or add a target.',
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((target) => target.close()));
  }

  private async askRoom(target: Target): Promise<TargetRoom> {
    const [row] = await target.select<{ tables: string; parts: string }>(
      `SELECT (SELECT count() FROM system.tables WHERE NOT is_temporary AND database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema')) AS tables,
              (SELECT count() FROM system.parts WHERE active) AS parts`,
    );
    const used = { tables: Number(row?.tables ?? 0), parts: Number(row?.parts ?? 0) };
    return { ...used, left: leftOf(target, used) };
  }
}

function isUnlimited({ config: { capacity } }: Target): boolean {
  return capacity.tables === undefined && capacity.parts === undefined;
}

function leftOf({ config: { capacity } }: Target, used: Omit<TargetRoom, 'left'>): number {
  return Math.min(share(used.tables, capacity.tables), share(used.parts, capacity.parts));
}

function hasRoom({ config: { capacity } }: Target, { tables, parts }: TargetRoom): boolean {
  return (
    tables + OBJECTS_PER_TENANT <= (capacity.tables ?? Infinity) &&
    parts < (capacity.parts ?? Infinity)
  );
}
