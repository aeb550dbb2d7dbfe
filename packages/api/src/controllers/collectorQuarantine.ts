import { setTimeout as sleep } from 'node:timers/promises';

import { writerName } from '@hyperdx-tenancy/domain/access';
import { groupId } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { isTenantId, parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import { exporterTemplates } from '@hyperdx-tenancy/domain/tables';

import type { Target } from '../clickhouse/target';
import CollectorGroup from '../models/collectorGroup';
import CollectorQuarantine from '../models/collectorQuarantine';
import type { ICollectorQuarantine } from '../models/collectorQuarantine';
import Tenant from '../models/tenant';
import type { ITenant } from '../models/tenant';
import { faultPoint } from '../utils/faultPoint';
import { recordChange, systemOrigin } from './audit';
import type { Context } from './context';
import { announceChange } from './revisions';

/** What a target says of all its tenants at once. */
interface Observed {
  /** Ids of tenants that have all tables an exporter writes. */
  complete: string[];
  /** Names of the writers that exist. */
  writers: string[];
  /** Those of them that may insert into all tables an exporter writes. */
  granted: string[];
  /** Ids of tenants of whom a table takes no writes now. */
  readonly: string[];
}

const bases = exporterTemplates.map(({ base }) => base);

/** One question, whatever the number of tenants: lists of ids, of those that are as they should be. */
async function observe(target: Target): Promise<Observed> {
  const { database, replicated } = target.config;
  const writers = target.hasUsers
    ? "(SELECT groupArray(name) FROM system.users WHERE startsWith(name, 'hdx_w_'))"
    : '[]';
  const granted = target.hasUsers
    ? `(SELECT groupArray(user) FROM (
          SELECT ifNull(user_name, '') AS user FROM system.grants
          WHERE startsWith(user, 'hdx_w_') AND access_type IN ('INSERT', 'ALL') AND NOT is_partial_revoke
            AND column IS NULL AND ifNull(database, {database:String}) = {database:String}
          GROUP BY user HAVING uniqExact(table) >= {count:UInt32} OR max(table IS NULL)))`
    : '[]';
  // Asked only where there are replicas: it is Keeper that the server may have lost.
  const readonly =
    replicated === undefined
      ? '[]'
      : `(SELECT groupUniqArray(right(table, 24)) FROM system.replicas
          WHERE database = {database:String} AND is_readonly)`;
  const [row] = await target.select<Observed>(
    `SELECT
       (SELECT groupArray(tenant) FROM (
          SELECT right(name, 24) AS tenant FROM system.tables
          WHERE database = {database:String} AND left(name, length(name) - 25) IN {bases:Array(String)}
          GROUP BY tenant HAVING uniqExact(name) = {count:UInt32})) AS complete,
       ${writers} AS writers,
       ${granted} AS granted,
       ${readonly} AS readonly`,
    { database, bases, count: bases.length },
  );
  if (row) return row;
  throw new TenancyError('clickhouse_rejected', 'ClickHouse answered nothing.');
}

/** A tenant, as far as writing for it depends on it. */
export interface CheckedTenant {
  id: TenantId;
  /** Whether it has a user of its own to write as. */
  hasWriter: boolean;
}

/** Why writing for each of these tenants fails; those for whom it works are not in it. */
export function findFaults(
  tenants: readonly CheckedTenant[],
  observed: Observed,
): Map<TenantId, string> {
  const complete = new Set(observed.complete);
  const writers = new Set(observed.writers);
  const granted = new Set(observed.granted);
  const readonly = new Set(observed.readonly);
  return new Map(
    tenants.flatMap(({ id, hasWriter }): [TenantId, string][] => {
      if (!complete.has(id)) return [[id, 'Tables of it are missing.']];
      if (hasWriter && !writers.has(writerName(id))) {
        return [[id, 'The user that writes for it is missing.']];
      }
      if (hasWriter && !granted.has(writerName(id))) {
        return [[id, 'The user that writes for it may not insert into all of its tables.']];
      }
      return readonly.has(id) ? [[id, 'A table of it is read-only.']] : [];
    }),
  );
}

async function checkedTenants(target: Target): Promise<CheckedTenant[]> {
  const tenants = await Tenant.find(
    { status: 'active', target: target.name },
    { 'applied.access': 1 },
  ).lean<Pick<ITenant, '_id' | 'applied'>[]>();
  return tenants.map(({ _id, applied }) => ({
    id: parseTenantId(_id.toHexString()),
    hasWriter: target.hasUsers && applied?.access !== 'guard',
  }));
}

/**
 * Collectors of a quarantine try again after 30 s at the most (`max_interval` of their exporters): by then they have stored
 * what they took in. A tenant that left before would leave it in a queue that nobody empties.
 */
const DRAIN_MS = 60_000;

/** Whether some group of a target has collectors for those that are kept apart. */
async function hasCollectors(target: string): Promise<boolean> {
  const group = await CollectorGroup.exists({
    $or: [{ _id: groupId({ kind: 'shared', target }) }, { target }],
    'options.quarantineEndpoint': { $exists: true },
  });
  return group !== null;
}

/** Of tenants for whom writing works again, those that are to be kept apart no longer. */
async function through(
  target: string,
  well: readonly ICollectorQuarantine[],
  context: Context,
): Promise<TenantId[]> {
  if (well.length === 0) return [];
  const now = context.now();
  const drains = await hasCollectors(target);
  const ended = well.filter(
    ({ wellSince }) => !drains || (wellSince && now.getTime() - wellSince.getTime() >= DRAIN_MS),
  );
  const begun = well.filter((one) => !ended.includes(one) && !one.wellSince);
  if (begun.length > 0) {
    const ids = begun.map(({ _id }) => _id);
    await CollectorQuarantine.updateMany({ _id: { $in: ids } }, { $set: { wellSince: now } });
  }
  return ended.map(({ _id }) => parseTenantId(_id.toHexString()));
}

/** Writes who is kept apart from now on, and who no longer. @returns whether anything changed. */
async function record(
  target: string,
  faults: ReadonlyMap<TenantId, string>,
  context: Context,
): Promise<boolean> {
  const known = await CollectorQuarantine.find({ target }).lean<ICollectorQuarantine[]>();
  const before = new Set(known.map(({ _id }) => _id.toHexString()).filter(isTenantId));
  const begun = [...faults].filter(([tenant]) => !before.has(tenant));
  const isFaulty = ({ _id }: ICollectorQuarantine): boolean =>
    faults.has(parseTenantId(_id.toHexString()));
  const ended = await through(
    target,
    known.filter((one) => !isFaulty(one)),
    context,
  );
  const again = known.filter((one) => one.wellSince && isFaulty(one)).map(({ _id }) => _id);
  if (again.length > 0) {
    await CollectorQuarantine.updateMany({ _id: { $in: again } }, { $unset: { wellSince: 1 } });
  }
  for (const [tenant, reason] of begun) {
    await CollectorQuarantine.updateOne(
      { _id: tenant },
      { $setOnInsert: { target, reason, since: context.now() } },
      { upsert: true },
    );
    faultPoint('begun:collectorQuarantine');
    context.log.error({ tenant, target, reason }, 'a tenant is kept apart in the collectors');
    await audit('collectorQuarantine.begin', { tenant, target, reason }, context);
  }
  if (ended.length > 0) {
    await CollectorQuarantine.deleteMany({ _id: { $in: ended } });
    faultPoint('ended:collectorQuarantine');
    for (const tenant of ended) {
      context.log.info({ tenant, target }, 'a tenant is no longer kept apart in the collectors');
      await audit('collectorQuarantine.end', { tenant, target }, context);
    }
  }
  const changed = begun.length > 0 || ended.length > 0;
  if (changed) {
    const quarantines = [...begun.map(([tenant]) => tenant), ...ended];
    await announceChange('collectors', context.log, { quarantines });
  }
  return changed;
}

async function audit(
  action: 'collectorQuarantine.begin' | 'collectorQuarantine.end',
  asked: { tenant: string; target: string; reason?: string },
  context: Context,
): Promise<void> {
  const { tenant } = asked;
  const event = { action, tenant, subject: tenant, asked };
  try {
    const done = (): Promise<void> => Promise.resolve();
    await recordChange(systemOrigin('quarantine'), event, done, () => ({}), context);
  } catch (error) {
    // The others are not to wait for it.
    context.log.error({ tenant, err: error }, 'a quarantine could not be audited');
  }
}

/** A change of a group waits so long for a look at its target. */
const PATIENCE_MS = 700;
/** A look that is older than this is taken again before a group's next change is offered. */
const FRESH_MS = 5_000;
/** A target that says nothing for so long does not answer: a collector waits 2 s for a connection, 10 s for an answer. */
const ANSWER_MS = 5_000;

/**
 * Finds tenants for whom writing fails: tables or the writer gone, or its grants, replicas read-only. In a collector that they share with
 * others they are kept apart until it works again. A target that cannot be asked says nothing of any of its tenants.
 */
export class Quarantine {
  private readonly looks = new Map<string, { at: number; look: Promise<boolean> }>();
  private readonly questions = new Map<string, { at: number; answered: Promise<boolean> }>();
  /** When a target did not answer last, by its name. */
  private readonly silentAt = new Map<string, number>();

  constructor(private readonly context: Context) {}

  /** Looks at all targets: to be called again and again. */
  async checkAll(): Promise<void> {
    await Promise.all(
      this.context.targets.all.map((target) =>
        this.look(target).catch((error: unknown) => {
          this.context.log.warn(
            { target: target.name, err: error },
            'whether writing works could not be found out; everybody stays where they are',
          );
        }),
      ),
    );
  }

  /**
   * Looks at a target once more where the last look was a while ago. Waits for 0.7 s at the most.
   * @returns whether somebody is to be kept apart now, or no longer.
   */
  async check(name: string): Promise<boolean> {
    const target = this.context.targets.all.find((one) => one.name === name);
    if (!target) return false;
    const last = this.looks.get(name);
    if (last && this.now() - last.at < FRESH_MS) return false;
    // What fails, or takes longer, is said by the next round.
    const look = this.look(target).catch(() => false);
    return Promise.race([look, sleep(PATIENCE_MS, false, { ref: false })]);
  }

  /**
   * Whether a target answered whenever it was asked within some time, and does now. Waits for five seconds at the most.
   * @param forMs milliseconds.
   */
  async answered(name: string, forMs: number): Promise<boolean> {
    const target = this.context.targets.all.find((one) => one.name === name);
    if (!target) return false;
    const now = this.now();
    let question = this.questions.get(name);
    if (!question || now - question.at >= FRESH_MS) {
      question = { at: now, answered: this.ask(target) };
      this.questions.set(name, question);
    }
    return (await question.answered) && this.now() - (this.silentAt.get(name) ?? -Infinity) > forMs;
  }

  private async ask(target: Target): Promise<boolean> {
    const answer = target.select('SELECT 1').then(
      () => true,
      () => false,
    );
    const answered = await Promise.race([answer, sleep(ANSWER_MS, false, { ref: false })]);
    if (!answered) this.silentAt.set(target.name, this.now());
    return answered;
  }

  private now(): number {
    return this.context.now().getTime();
  }

  private look(target: Target): Promise<boolean> {
    const look = this.examine(target);
    this.looks.set(target.name, { at: this.now(), look });
    return look;
  }

  private async examine(target: Target): Promise<boolean> {
    // First: a tenant that becomes active meanwhile is not among those who are judged.
    const tenants = await checkedTenants(target);
    const observed = await observe(target).catch((error: unknown) => {
      this.silentAt.set(target.name, this.now());
      throw error;
    });
    return record(target.name, findFaults(tenants, observed), this.context);
  }
}
