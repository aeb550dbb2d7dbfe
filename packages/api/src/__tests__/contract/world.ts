import { randomBytes, randomUUID } from 'node:crypto';

import mongoose, { Types } from 'mongoose';

import type { Engines, TestServer } from '../../fixtures';
import Connection from '../../models/connection';
import Membership from '../../models/membership';
import Operator from '../../models/operator';
import Source from '../../models/source';
import Team from '../../models/team';
import TeamInvite from '../../models/teamInvite';
import { Browser, makeUser } from '../browser';
import type { MadeUser } from '../browser';
import type { Credentials } from './send';

/** Somebody who calls: signed in, and with an access key. */
export interface Person extends MadeUser {
  cookie: string;
}

export const KINDS = ['log', 'trace', 'metric', 'session'] as const;
export type Kind = (typeof KINDS)[number];

/** One of two tenants that lie side by side, with all that the other must never see or touch. */
export interface Side {
  server: TestServer;
  engines: Engines;
  name: string;
  tenant: string;
  team: string;
  apiKey: string;
  hookId: string;
  /** The managed one. */
  connection: string;
  sources: Record<Kind, string>;
  member: Person;
  /** Signed in nowhere. */
  colleague: MadeUser;
  /** A member who is an operator of the installation as well. */
  operator: Person;
  /** A member of both teams, who is in this one at present. */
  both: Person;
  invitation: { id: string; email: string; token: string };
  /** Of the team's dashboard. */
  tag: string;
  /** Connections of their own that a test has made. */
  made: Set<string>;
  theirs: Side;
}

/** An address that nobody has failed from: how many may fail is another test's subject. */
let addresses = 0;
export function freshAddress(): Credentials {
  addresses += 1;
  return { 'x-forwarded-for': `10.6.${addresses >> 8}.${addresses & 255}` };
}

export const freshEmail = (): string => `${randomUUID()}@users.example`;
export const freshId = (): string => new Types.ObjectId().toHexString();

async function signIn(server: TestServer, user: MadeUser): Promise<Person> {
  const browser = await Browser.login(server.url, user.email, user.password);
  return { ...user, cookie: await browser.cookies.getCookieString(server.url) };
}

/** A person of a team, signed in. */
export async function makePerson(server: TestServer, team: string): Promise<Person> {
  return signIn(server, await makeUser(team));
}

/** An invitation as HyperDX writes it. */
export async function makeInvitation(team: string): Promise<Side['invitation']> {
  const email = freshEmail();
  const token = randomBytes(32).toString('hex');
  const { _id } = await TeamInvite.create({ teamId: team, email, token });
  return { id: _id.toHexString(), email, token };
}

async function makeOperator(server: TestServer, team: string): Promise<Person> {
  const person = await makePerson(server, team);
  const { id: _id, email } = person;
  await Operator.create({ _id, email, role: 'admin', createdBy: 'test' });
  return person;
}

async function makeSide(server: TestServer, engines: Engines, name: string): Promise<Side> {
  const body = { name: `${name} ${randomUUID()}` };
  const { json } = await server.request('POST', '/tenancy/v1/tenants', { body });
  const [{ id: team }] = json['teams'] as [{ id: string }];
  const document = (await Team.findById(team).lean())!;
  const sources = await Source.find({ team }).lean();
  const tag = randomUUID();
  await mongoose.connection
    .collection('dashboards')
    .insertOne({ team: new Types.ObjectId(team), name: 'Ours', tags: [tag] });
  return {
    server,
    engines,
    name: body.name,
    tenant: String(json['id']),
    team,
    apiKey: document.apiKey,
    hookId: document.hookId,
    connection: String((await Connection.findOne({ team }).lean())!._id),
    sources: Object.fromEntries(
      KINDS.map((kind) => [kind, String(sources.find((one) => one['kind'] === kind)!._id)]),
    ) as Side['sources'],
    member: await makePerson(server, team),
    colleague: await makeUser(team),
    operator: await makeOperator(server, team),
    both: await makePerson(server, team),
    invitation: await makeInvitation(team),
    tag,
    made: new Set(),
    theirs: undefined as never,
  };
}

export type World = Record<'a' | 'b', Side>;

/** Two tenants with the same of everything. */
export async function makeWorld(server: TestServer, engines: Engines): Promise<World> {
  const a = await makeSide(server, engines, 'Acme');
  const b = await makeSide(server, engines, 'Globex');
  a.theirs = b;
  b.theirs = a;
  for (const { both } of [a, b])
    await Membership.create([a, b].map(({ team }) => ({ user: both.id, team })));
  return { a, b };
}

/** Texts by which a tenant, its people or its things could be known. */
export function canariesOf(side: Side): string[] {
  const { member, colleague, operator, invitation } = side;
  return [
    side.name,
    side.tenant,
    side.team,
    side.apiKey,
    side.hookId,
    side.connection,
    side.tag,
    ...Object.values(side.sources),
    ...Object.values(invitation),
    ...side.made,
    ...[member, colleague, operator].flatMap(({ id, email, accessKey }) => [id, email, accessKey]),
  ];
}

/** A document with its collection's name, and as one text. */
export interface StoredDocument {
  collection: string;
  fields: Record<string, unknown>;
  text: string;
}

async function documentsIn(collection: string): Promise<StoredDocument[]> {
  const found = await mongoose.connection.collection(collection).find().toArray();
  return found.map((fields) => ({
    collection,
    fields,
    text: `${collection} ${JSON.stringify(fields)}`,
  }));
}

/** Sessions, which every answer prolongs, and the list of what changed lately, of all tenants. */
const EVERYBODYS: readonly string[] = ['sessions', 'tenancyrevisions'];

/** All documents that there are, in order, but for those that all requests change. */
export async function allDocuments(): Promise<StoredDocument[]> {
  const all = await mongoose.connection.db!.listCollections().toArray();
  const names = all.map(({ name }) => name).filter((name) => !EVERYBODYS.includes(name));
  const found = (await Promise.all(names.map(documentsIn))).flat();
  return found.sort((one, other) => (one.text < other.text ? -1 : 1));
}

/** Those, as texts, that are a tenant's or tell of it. */
export function documentsOf(side: Side, documents: readonly StoredDocument[]): string[] {
  const marks = [side.tenant, side.team, side.member.id, side.colleague.id, side.operator.id];
  return documents
    .filter(({ text }) => marks.some((mark) => text.includes(mark)))
    .map(({ text }) => text);
}

/** Shorter texts are in many answers by chance: an engine without users has an empty password. */
const MIN_SECRET = 6;

/** What no answer holds, whoever asks. */
export function secretsOf(
  { server, engines }: Side,
  documents: readonly StoredDocument[],
): string[] {
  const { secret, sessionSecret, adminToken, collectorToken } = server.config;
  const stored = documents.flatMap(({ collection, fields }) => {
    if (collection === 'users') return [fields['hash'], fields['salt']];
    return /connections$/.test(collection) ? [fields['password']] : [];
  });
  return [secret, sessionSecret, adminToken, collectorToken, engines.clickhouse.password, ...stored]
    .filter((text) => typeof text === 'string')
    .filter((text) => text.length > MIN_SECRET);
}
