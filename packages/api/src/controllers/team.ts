import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import mongoose from 'mongoose';
import type { Types } from 'mongoose';

import Team from '../models/team';
import type { ITeam } from '../models/team';

/** What HyperDX's queries are told to do for a team; `null` takes a setting back. */
export interface TeamQuerySettings {
  metadataMaxRowsToRead?: number | null | undefined;
  searchRowLimit?: number | null | undefined;
  queryTimeout?: number | null | undefined;
  fieldMetadataDisabled?: boolean | null | undefined;
  parallelizeWhenPossible?: boolean | null | undefined;
  filterKeysFetchLimit?: number | null | undefined;
}

/** A team's whole document, with what HyperDX's model fills in; what is ours alone is not in it. */
export type TeamView = Omit<ITeam, 'previousApiKeys'> & {
  id: string;
  isMetricsSeriesTableEnabled: boolean;
};

function gone(): TenancyError {
  return new TenancyError('not_found', 'Your team is gone.');
}

/** @throws TenancyError `not_found` where it was deleted since its user was read. */
export async function getTeam(id: Types.ObjectId): Promise<TeamView> {
  const team = await Team.findById(id).lean<ITeam>();
  if (!team) throw gone();
  const { previousApiKeys: _ours, ...theirs } = team;
  return {
    allowedAuthMethods: [],
    isMetricsSeriesTableEnabled: false,
    ...theirs,
    id: id.toHexString(),
  };
}

/** Gives a team another name; its tenant keeps its own. @returns the name. */
export async function renameTeam(id: Types.ObjectId, name: string): Promise<string> {
  const { matchedCount } = await Team.updateOne({ _id: id }, { $set: { name } });
  if (matchedCount === 0) throw gone();
  return name;
}

/** Changes settings of a team. @returns those that were asked for and are set. */
export async function setQuerySettings(
  id: Types.ObjectId,
  settings: TeamQuerySettings,
): Promise<Partial<TeamQuerySettings>> {
  const asked = Object.entries(settings).filter(([, value]) => value !== undefined);
  if (asked.length === 0) return {};
  const set = Object.fromEntries(asked.filter(([, value]) => value !== null));
  const unset = asked.filter(([, value]) => value === null).map(([name]) => [name, 1] as const);
  const { matchedCount } = await Team.updateOne(
    { _id: id },
    {
      ...(Object.keys(set).length > 0 ? { $set: set } : {}),
      ...(unset.length > 0 ? { $unset: Object.fromEntries(unset) } : {}),
    },
  );
  if (matchedCount === 0) throw gone();
  return set;
}

/** Distinct tags of a team's dashboards and saved searches, which are HyperDX's. */
export async function teamTags(team: Types.ObjectId): Promise<string[]> {
  const tags = await Promise.all(
    ['dashboards', 'savedsearches'].map((name) =>
      mongoose.connection.collection(name).distinct('tags', { team }),
    ),
  );
  return [...new Set(tags.flat().filter((tag): tag is string => typeof tag === 'string'))];
}
