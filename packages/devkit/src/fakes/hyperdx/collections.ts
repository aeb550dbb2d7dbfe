import type { Collection, Db, Document, ObjectId } from 'mongodb';

/** HyperDX's documents, as far as the stand-in reads them; each holds more. */
export interface User extends Document {
  _id: ObjectId;
  email: string;
  name: string;
  team: ObjectId;
  accessKey: string;
  hash?: string;
  salt?: string;
  createdAt: Date;
}

export interface Team extends Document {
  _id: ObjectId;
  /** Chart settings, which HyperDX takes from the first team whoever asks. */
  queryTimeout?: number;
}

export interface Connection extends Document {
  _id: ObjectId;
  team: ObjectId;
  host: string;
  username: string;
  password: string;
}

export interface Source extends Document {
  _id: ObjectId;
  team: ObjectId;
  kind: string;
  name: string;
  connection: ObjectId;
  from: { databaseName: string; tableName: string };
  timestampValueExpression?: string;
}

export interface Alert extends Document {
  _id: ObjectId;
  team: ObjectId;
  source: 'saved_search' | 'tile';
  savedSearch?: ObjectId;
  dashboard?: ObjectId;
  tileId?: string;
}

export interface SavedSearch extends Document {
  _id: ObjectId;
  team: ObjectId;
  source: ObjectId;
  where: string;
}

/** A tile of raw SQL. */
export interface Tile {
  id: string;
  config: { configType: 'sql'; connection: string; sqlTemplate: string };
}

export interface Dashboard extends Document {
  _id: ObjectId;
  team: ObjectId;
  tiles: Tile[];
}

/** The collections, by mongoose's names for HyperDX's models. */
export interface Collections {
  users: Collection<User>;
  teams: Collection<Team>;
  connections: Collection<Connection>;
  sources: Collection<Source>;
  alerts: Collection<Alert>;
  savedSearches: Collection<SavedSearch>;
  dashboards: Collection<Dashboard>;
}

export function collectionsOf(db: Db): Collections {
  return {
    users: db.collection('users'),
    teams: db.collection('teams'),
    connections: db.collection('connections'),
    sources: db.collection('sources'),
    alerts: db.collection('alerts'),
    savedSearches: db.collection('savedsearches'),
    dashboards: db.collection('dashboards'),
  };
}

/** The team that HyperDX's `getTeam` finds, whichever was asked for. */
export async function firstTeam({ teams }: Collections): Promise<Team | null> {
  return teams.findOne({}, { sort: { _id: 1 } });
}
