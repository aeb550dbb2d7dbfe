import mongoose, { Types } from 'mongoose';

import { Browser, makeUser } from '../../../__tests__/browser';
import { useServer } from '../../../fixtures';
import Operator from '../../../models/operator';
import Team from '../../../models/team';
import User from '../../../models/user';
import { inhabit } from './teams';
import type { Inhabited } from './teams';

jest.setTimeout(60_000);

const { server } = useServer();
let acme: Inhabited;
let globex: Inhabited;

beforeAll(async () => {
  acme = await inhabit(server, 'Acme');
  globex = await inhabit(server, 'Globex');
});

type Rows = { data: Record<string, unknown>[] };
const rows = (json: unknown): Record<string, unknown>[] => (json as Rows).data;

it('each sees their own team, not the first one of the database', async () => {
  for (const { browser, team, apiKey, user } of [acme, globex]) {
    const seen = await browser.request('GET', '/team');
    const createdAt = expect.any(String) as string;
    expect(seen.json).toEqual({
      _id: team,
      id: team,
      allowedAuthMethods: [],
      apiKey,
      name: (await Team.findById(team))!.name,
      createdAt,
      isMetricsSeriesTableEnabled: false,
    });
    const me = (await browser.request('GET', '/me')).json as { team: { _id: string } };
    expect(me).toMatchObject({ email: user.email, team: { _id: team, apiKey } });
  }
});

it('fields that only a newer HyperDX knows are shown, and survive our changes; ours are not shown', async () => {
  await mongoose.connection
    .collection('teams')
    .updateOne({ _id: new Types.ObjectId(acme.team) }, { $set: { newOfHyperdx: { a: [1] } } });
  await acme.browser.request('PATCH', '/team/name', { json: { name: 'Acme' } });
  await acme.browser.request('PATCH', '/team/clickhouse-settings', { json: { queryTimeout: 9 } });
  const { team } = (await acme.browser.request('GET', '/me')).json as { team: object };
  expect(team).toMatchObject({ newOfHyperdx: { a: [1] }, queryTimeout: 9 });
  expect(team).not.toHaveProperty('previousApiKeys');
});

it('renames the team', async () => {
  const seen = await acme.browser.request('PATCH', '/team/name', { json: { name: 'Acme & Co' } });
  expect([seen.status, seen.json]).toEqual([200, { name: 'Acme & Co' }]);
  expect((await Team.findById(globex.team))!.name).toBe('Globex');
});

it.each([
  ['no name', {}],
  ['an empty name', { name: '' }],
  ['a long name', { name: 'x'.repeat(101) }],
  ['a name that is no text', { name: { $gt: '' } }],
])('%s is refused as HyperDX refuses it', async (_what, json) => {
  const seen = await acme.browser.request('PATCH', '/team/name', { json });
  expect(seen.status).toBe(400);
  expect(seen.json).toEqual([
    {
      type: 'Body',
      errors: { name: 'ZodError', issues: [expect.objectContaining({ path: ['name'] })] },
    },
  ]);
});

it('settings of queries are echoed as they were set, null takes one back, and nothing else is written', async () => {
  const path = '/team/clickhouse-settings';
  const set = { searchRowLimit: 100, fieldMetadataDisabled: true };
  const first = await acme.browser.request('PATCH', path, {
    json: { ...set, tenant: globex.tenant, apiKey: 'stolen-by-settings' },
  });
  expect([first.status, first.json]).toEqual([200, set]);
  const second = await acme.browser.request('PATCH', path, { json: { searchRowLimit: null } });
  expect([second.status, second.json]).toEqual([200, {}]);
  const team = (await Team.findById(acme.team).lean())!;
  expect(team).toMatchObject({ fieldMetadataDisabled: true, apiKey: acme.apiKey });
  expect(team).not.toHaveProperty('searchRowLimit');
  expect(team.tenant.toHexString()).toBe(acme.tenant);
  expect((await acme.browser.request('PATCH', path, { json: { queryTimeout: 'x' } })).status).toBe(
    400,
  );
});

it('tags are those of the own team, each once', async () => {
  const tag = (team: string, tags: string[]) => ({ team: new Types.ObjectId(team), tags });
  const { connection } = mongoose;
  await connection
    .collection('dashboards')
    .insertMany([tag(acme.team, ['a', 'b']), tag(globex.team, ['theirs'])]);
  await connection.collection('savedsearches').insertMany([tag(acme.team, ['b', 'c'])]);
  expect((await acme.browser.request('GET', '/team/tags')).json).toEqual({ data: ['a', 'b', 'c'] });
  expect((await globex.browser.request('GET', '/team/tags')).json).toEqual({ data: ['theirs'] });
});

it('members are the own team', async () => {
  const colleague = await makeUser(acme.team);
  const { json } = await acme.browser.request('GET', '/team/members');
  expect(rows(json)).toEqual([
    {
      _id: acme.user.id,
      email: acme.user.email,
      name: acme.user.email,
      hasPasswordAuth: true,
      isCurrentUser: true,
    },
    {
      _id: colleague.id,
      email: colleague.email,
      name: colleague.email,
      hasPasswordAuth: true,
      isCurrentUser: false,
    },
  ]);
});

it('who is removed is out at once, sessions included; what they made is handed over', async () => {
  const leaver = await makeUser(acme.team);
  const browser = await Browser.login(server.url, leaver.email, leaver.password);
  const alert = async (team: string) =>
    (
      await mongoose.connection.collection('alerts').insertOne({
        team: new Types.ObjectId(team),
        createdBy: new Types.ObjectId(leaver.id),
      })
    ).insertedId;
  const [own, other] = [await alert(acme.team), await alert(globex.team)];
  const seen = await acme.browser.request('DELETE', `/team/member/${leaver.id}`);
  expect([seen.status, seen.json]).toEqual([200, { message: 'User deleted' }]);
  expect((await browser.request('GET', '/me')).status).toBe(401);
  const creator = async (_id: Awaited<ReturnType<typeof alert>>) =>
    String((await mongoose.connection.collection('alerts').findOne({ _id }))!['createdBy']);
  expect(await creator(own)).toBe(acme.user.id);
  expect(await creator(other)).toBe(leaver.id);
  expect((await acme.browser.request('DELETE', `/team/member/${leaver.id}`)).status).toBe(404);
});

it("nobody reaches another tenant's people by their ids", async () => {
  const seen = await acme.browser.request('DELETE', `/team/member/${globex.user.id}`);
  expect(seen.status).toBe(404);
  expect(await User.exists({ _id: globex.user.id })).not.toBeNull();
  expect((await globex.browser.request('GET', '/me')).status).toBe(200);
});

it('an operator, and oneself, cannot be removed here', async () => {
  const operator = await makeUser(acme.team);
  await Operator.create({
    _id: operator.id,
    email: operator.email,
    role: 'admin',
    createdBy: 'test',
  });
  expect((await acme.browser.request('DELETE', `/team/member/${operator.id}`)).status).toBe(403);
  expect((await acme.browser.request('DELETE', `/team/member/${acme.user.id}`)).status).toBe(400);
  expect(await User.countDocuments({ _id: { $in: [operator.id, acme.user.id] } })).toBe(2);
});

it.each(['/team/member/', '/team/invitation/'])('%s: an id that is none is 400', async (path) => {
  const seen = await acme.browser.request('DELETE', `${path}__proto__`);
  expect(seen.status).toBe(400);
  expect(seen.json).toMatchObject([{ type: 'Params', errors: { issues: [{ path: ['id'] }] } }]);
});

it('what HyperDX keeps in a user’s document survives our changes', async () => {
  const users = mongoose.connection.collection('users');
  const _id = new Types.ObjectId(acme.user.id);
  await users.updateOne({ _id }, { $set: { newOfHyperdx: [{ a: 1 }], name: 'Ada' } });
  const before = await users.findOne({ _id });
  await acme.browser.request('PATCH', '/me/accessKey');
  const { accessKey: _new, updatedAt: _now, ...after } = (await users.findOne({ _id }))!;
  expect(before).toMatchObject(after);
  expect(after).toMatchObject({
    newOfHyperdx: [{ a: 1 }],
    name: 'Ada',
    hash: before!['hash'] as string,
  });
});

it('a new access key opens the external API, the one before does not', async () => {
  const seen = await globex.browser.request('PATCH', '/me/accessKey');
  const { newAccessKey } = seen.json as { newAccessKey: string };
  expect(newAccessKey).not.toBe(globex.user.accessKey);
  expect((await globex.browser.request('GET', '/me')).json).toMatchObject({
    accessKey: newAccessKey,
  });
  expect(await User.exists({ accessKey: globex.user.accessKey })).toBeNull();
});

describe('pages of other sites', () => {
  const change = (headers: Record<string, string>) =>
    acme.browser.request('PATCH', '/team/name', { json: { name: 'Acme' }, headers });

  it.each([
    ['an Origin of another site', { origin: 'https://evil.example' }],
    ['an Origin that is hidden', { origin: 'null' }],
    [
      'another host of the same site',
      { 'sec-fetch-site': 'same-site', origin: 'http://localhost:9999' },
    ],
    ['a request across sites without an Origin', { 'sec-fetch-site': 'cross-site' }],
  ])('cannot change anything: %s', async (_what, headers) => {
    const { status, json } = await change(headers);
    expect([status, (json as { code: string }).code]).toEqual([403, 'forbidden']);
  });

  it.each([
    ["the UI's own", { origin: 'http://localhost:8080', 'sec-fetch-site': 'same-site' }],
    ['one behind the UI', { origin: 'null', 'sec-fetch-site': 'same-origin' }],
    ['one that a person typed', { 'sec-fetch-site': 'none' }],
  ])('%s can', async (_what, headers) => {
    expect((await change(headers)).status).toBe(200);
  });

  it('cannot sign anybody in as somebody else', async () => {
    const browser = new Browser(server.url);
    const form = { email: acme.user.email, password: acme.user.password };
    const headers = { origin: 'https://evil.example' };
    expect((await browser.request('POST', '/login/password', { form, headers })).status).toBe(403);
    expect(await browser.cookies.getCookieString(server.url)).toBe('');
  });
});

it('a body that is too large, or no JSON, is refused', async () => {
  const large = { name: 'x'.repeat(100_000) };
  const seen = await acme.browser.request('PATCH', '/team/name', { json: large });
  expect([seen.status, (seen.json as { code: string }).code]).toEqual([413, 'payload_too_large']);
  const cookie = await acme.browser.cookies.getCookieString(server.url);
  const broken = await fetch(`${server.url}/team/name`, {
    method: 'PATCH',
    headers: { cookie, 'content-type': 'application/json' },
    body: '{"name":',
  });
  expect([broken.status, ((await broken.json()) as { code: string }).code]).toEqual([
    400,
    'invalid_json',
  ]);
});
