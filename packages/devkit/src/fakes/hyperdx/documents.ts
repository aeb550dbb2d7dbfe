import { randomBytes, randomUUID } from 'node:crypto';
import { ObjectId, type Db } from 'mongodb';
import {
  collectionsOf,
  type Alert,
  type Dashboard,
  type SavedSearch,
  type User,
} from './collections';
import { hashPassword } from './password';

/** What mongoose puts into every document of HyperDX's. */
const stamps = (): { createdAt: Date; updatedAt: Date; __v: number } => {
  const now = new Date();
  return { createdAt: now, updatedAt: now, __v: 0 };
};

/** A user's document as HyperDX's registration writes it. */
export async function userDocument(
  team: ObjectId,
  { email, password, name = email }: { email: string; password: string; name?: string },
): Promise<User> {
  return {
    _id: new ObjectId(),
    name,
    email: email.toLowerCase(),
    team,
    accessKey: randomUUID(),
    ...(await hashPassword(password)),
    ...stamps(),
  };
}

/** An invitation's document; whoever has its token joins the team. */
export function inviteDocument(teamId: ObjectId, email: string) {
  const token = randomBytes(32).toString('hex');
  return { _id: new ObjectId(), teamId, name: email, email, token, ...stamps() };
}

/** What a team's people make in HyperDX: documents of HyperDX's alone, which name a source and a connection of the team. */
export interface TeamContent {
  savedSearch: SavedSearch;
  dashboard: Dashboard;
  /** One on the saved search and one on the dashboard's tile of raw SQL. */
  alerts: Alert[];
}

/** @param where SQL of the saved search; @param sql of the tile. */
export function teamContent(
  team: ObjectId,
  { source, connection, where, sql }: Record<'source' | 'connection' | 'where' | 'sql', string>,
): TeamContent {
  const savedSearch = {
    _id: new ObjectId(),
    team,
    name: 'Errors',
    source: new ObjectId(source),
    select: '',
    where,
    whereLanguage: 'sql',
    orderBy: '',
    tags: ['night shift'],
    ...stamps(),
  };
  const tile = {
    id: randomUUID(),
    x: 0,
    y: 0,
    w: 8,
    h: 10,
    config: {
      name: 'Rows',
      configType: 'sql' as const,
      displayType: 'table',
      connection,
      sqlTemplate: sql,
    },
  };
  const dashboard = {
    _id: new ObjectId(),
    team,
    name: 'Overview',
    tiles: [tile],
    tags: ['night shift'],
    filters: [],
    ...stamps(),
  };
  const alert = {
    team,
    state: 'OK',
    interval: '5m',
    threshold: 1,
    thresholdType: 'above',
    channel: { type: null },
    ...stamps(),
  };
  const alerts = [
    {
      ...alert,
      _id: new ObjectId(),
      source: 'saved_search' as const,
      savedSearch: savedSearch._id,
      groupBy: '',
    },
    {
      ...alert,
      _id: new ObjectId(),
      source: 'tile' as const,
      dashboard: dashboard._id,
      tileId: tile.id,
    },
  ];
  return { savedSearch, dashboard, alerts };
}

/** Stores them. */
export async function insertContent(
  db: Db,
  { savedSearch, dashboard, alerts }: TeamContent,
): Promise<void> {
  const collections = collectionsOf(db);
  await collections.savedSearches.insertOne(savedSearch);
  await collections.dashboards.insertOne(dashboard);
  await collections.alerts.insertMany(alerts);
}

/** Stores a user. @returns the document. */
export async function insertUser(
  db: Db,
  team: ObjectId,
  who: Parameters<typeof userDocument>[1],
): Promise<User> {
  const user = await userDocument(team, who);
  await collectionsOf(db).users.insertOne(user);
  return user;
}
