import { randomUUID } from 'node:crypto';

import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { Types } from 'mongoose';

import Team from '../models/team';
import type { ITeam, PreviousApiKey } from '../models/team';
import Tenant from '../models/tenant';
import { faultPoint } from '../utils/faultPoint';
import { isDuplicateKey } from '../utils/mongoErrors';
import { ingestionKeyTaken } from './ingestionKeyTaken';
import { unacknowledged } from './collectorAcknowledgements';
import type { Context } from './context';
import { announceChange, readRevision } from './revisions';

/** Former keys that a team may have at a time: each is in the configs of all collectors of its group. */
const MAX_PREVIOUS = 3;

/** Looks further apart than this are not one wait: agents may have gone unheard between them. */
const UNHEARD_MS = 30_000;

type KeyedTeam = Pick<ITeam, '_id' | 'tenant' | 'apiKey' | 'previousApiKeys'>;
const KEYS = { tenant: 1, apiKey: 1, previousApiKeys: 1 } as const;

/** Whether a team (another one, where `except` is given) has this ingestion key, or had it until a moment ago. */
export async function isIngestionKeyTaken(key: string, except?: Types.ObjectId): Promise<boolean> {
  const found = await Team.exists({
    ...(except ? { _id: { $ne: except } } : {}),
    $or: [{ apiKey: key }, { 'previousApiKeys.key': key }],
  });
  return found !== null;
}

/** Former keys as they are written: none is no field at all. */
function changed(previous: readonly PreviousApiKey[]): object {
  return previous.length > 0
    ? { $set: { previousApiKeys: previous } }
    : { $unset: { previousApiKeys: 1 } };
}

/** Writes what is left of a team's former keys, unless its key was changed once more meanwhile. */
async function writePrevious(
  { _id, apiKey }: Pick<KeyedTeam, '_id' | 'apiKey'>,
  previous: readonly PreviousApiKey[],
): Promise<boolean> {
  return (await Team.updateOne({ _id, apiKey }, changed(previous))).matchedCount > 0;
}

/** Has collectors offered the keys as they are now. @returns the revision of configs that have them; `null`: not known. */
async function announce(team: Types.ObjectId, context: Context): Promise<number | null> {
  const before = await readRevision('collectors');
  await announceChange('collectors', context.log, { teams: [team.toHexString()] });
  const revision = await readRevision('collectors');
  return revision > before ? revision : null;
}

/**
 * Gives a team another ingestion key. Collectors accept both until every one of them has the new one: no sender is
 * refused in between, whichever of the two it has.
 * @param asked the new key, as by the contract `IngestionKey`; a random UUID where it is left out.
 * @returns the new key.
 * @throws TenancyError `ingestion_key_taken`, `not_found`; `operation_running` while too many former keys are accepted.
 */
export async function renewIngestionKey(
  id: Types.ObjectId,
  asked: string | undefined,
  context: Context,
): Promise<string> {
  const team = await Team.findById(id, KEYS).lean<KeyedTeam>();
  if (!team) throw new TenancyError('not_found', 'Your team is gone.');
  const apiKey = asked ?? randomUUID();
  if (apiKey === team.apiKey) return apiKey;
  if (await isIngestionKeyTaken(apiKey, id)) throw ingestionKeyTaken();
  const others = (team.previousApiKeys ?? []).filter(({ key }) => key !== apiKey);
  if (others.length >= MAX_PREVIOUS) {
    throw new TenancyError(
      'operation_running',
      'Collectors have not applied the last changes of this key yet; try again when they have.',
      { retryAfterSeconds: 60 },
    );
  }
  const now = context.now();
  const former: PreviousApiKey = { key: team.apiKey, since: now, lookedAt: now, revision: null };
  const previousApiKeys = [...others, former];
  try {
    const { matchedCount } = await Team.updateOne(
      { _id: id, apiKey: team.apiKey },
      { $set: { apiKey, previousApiKeys } },
    );
    if (matchedCount === 0) {
      throw new TenancyError('operation_running', 'The key was changed just now; read it again.');
    }
  } catch (error) {
    if (isDuplicateKey(error)) throw ingestionKeyTaken();
    throw error;
  }
  faultPoint('apiKey.written');
  const revision = await announce(id, context);
  faultPoint('apiKey.announced');
  // Where this is not written, the task announces it once more.
  await writePrevious({ _id: id, apiKey }, [...others, { ...former, revision }]);
  return apiKey;
}

/** A former key after one more look; `undefined`: no collector needs it any more. */
async function look(
  former: PreviousApiKey,
  of: { team: ITeam['_id']; tenant: ITeam['tenant']; target: string },
  context: Context,
): Promise<PreviousApiKey | undefined> {
  const lookedAt = context.now();
  if (former.revision === null) {
    return { ...former, since: lookedAt, lookedAt, revision: await announce(of.team, context) };
  }
  const gap = lookedAt.getTime() - former.lookedAt.getTime() > UNHEARD_MS;
  const since = gap ? lookedAt : former.since;
  const behind = await unacknowledged(
    {
      tenantId: parseTenantId(of.tenant.toHexString()),
      target: of.target,
      revision: former.revision,
      since,
    },
    context,
  );
  return behind === 0 ? undefined : { ...former, since, lookedAt };
}

/** Takes former ingestion keys out of the collectors' configs where every collector has the present one. */
export async function dropFormerKeys(context: Context): Promise<void> {
  const teams = await Team.find({ 'previousApiKeys.key': { $exists: true } }, KEYS).lean<
    KeyedTeam[]
  >();
  const dropped: string[] = [];
  for (const team of teams) {
    const before = team.previousApiKeys ?? [];
    const tenant = await Tenant.findById(team.tenant, { target: 1 }).lean();
    const of = { team: team._id, tenant: team.tenant, target: tenant?.target ?? '' };
    const left: PreviousApiKey[] = [];
    for (const former of before) {
      const still = await look(former, of, context);
      if (still) left.push(still);
    }
    const written = await writePrevious(team, left);
    if (written && left.length < before.length) dropped.push(team._id.toHexString());
  }
  if (dropped.length > 0) await announceChange('collectors', context.log, { teams: dropped });
}
