import mongoose from 'mongoose';

import { Browser, makeUser, PASSWORD } from '../../../__tests__/browser';
import { useServer } from '../../../fixtures';
import Operator from '../../../models/operator';
import Registration from '../../../models/registration';
import Source from '../../../models/source';
import Team from '../../../models/team';
import Tenant from '../../../models/tenant';
import User from '../../../models/user';

jest.setTimeout(60_000);

const { server } = useServer();

afterEach(async () => {
  for (const model of [Operator, Registration, Team, Tenant, User, Source])
    await mongoose.connection.collection(model.collection.name).deleteMany({});
});

const ada = { email: 'ada@users.example', password: PASSWORD, confirmPassword: PASSWORD };

function register(json: object, browser = new Browser(server.url)) {
  return browser.request('POST', '/register/password', { json });
}

const isTeamExisting = async () =>
  (await new Browser(server.url).request('GET', '/installation')).json;

it('the first one makes tenant, team, sources and themselves, is signed in, and is an operator', async () => {
  expect(await isTeamExisting()).toEqual({ isTeamExisting: false });
  const browser = new Browser(server.url);
  const seen = await register({ ...ada, email: 'Ada@Users.example' }, browser);
  expect([seen.status, seen.json]).toEqual([200, { status: 'success' }]);
  expect(await isTeamExisting()).toEqual({ isTeamExisting: true });
  const me = (await browser.request('GET', '/me')).json as { team: { _id: string } };
  expect(me).toMatchObject({
    email: ada.email,
    name: ada.email,
    team: { name: "ada@users.example's Team", collectorAuthenticationEnforced: true },
  });
  expect(await Source.countDocuments({ team: me.team._id })).toBeGreaterThanOrEqual(4);
  // An operator by the very session, and by no more than it.
  const tenants = await browser.request('GET', '/tenancy/v1/tenants');
  expect(tenants.status).toBe(200);
  expect(tenants.json).toMatchObject({ data: [{ status: 'active' }] });
  const audit = await browser.request('GET', '/tenancy/v1/audit?action=tenant.create&limit=1');
  expect(audit.json).toMatchObject({ data: [{ actor: { kind: 'user', name: ada.email } }] });
});

it('after that it is closed: people come by invitation', async () => {
  await register(ada);
  const seen = await register({ ...ada, email: 'eve@users.example' });
  expect([seen.status, seen.json]).toEqual([409, { error: 'teamAlreadyExists' }]);
  expect(await User.countDocuments()).toBe(1);
});

it('a team that an operator made closes it as well', async () => {
  await server.request('POST', '/tenancy/v1/tenants', { body: { name: 'Acme' } });
  const seen = await register(ada);
  expect([seen.status, seen.json]).toEqual([409, { error: 'teamAlreadyExists' }]);
});

it('of two at once one wins, whoever they are', async () => {
  const eve = { ...ada, email: 'eve@users.example' };
  const seen = await Promise.all([register(ada), register(eve), register(ada)]);
  expect(seen.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
  expect(
    await Promise.all(
      [Team, Tenant, User, Operator].map((one) =>
        mongoose.connection.collection(one.collection.name).countDocuments(),
      ),
    ),
  ).toEqual([1, 1, 1, 1]);
});

it('one that was cut short is completed by the next', async () => {
  const cut = await Registration.create({
    _id: 'first',
    name: 'The first',
    user: new mongoose.Types.ObjectId(),
    until: new Date(Date.now() - 1_000),
  });
  await server.request('POST', '/tenancy/v1/tenants', { body: { name: 'The first' } });
  await Tenant.updateOne({ name: 'The first' }, { $set: { status: 'failed', step: 'documents' } });
  // The team is there already; HyperDX's page for registering has to be as well.
  expect(await isTeamExisting()).toEqual({ isTeamExisting: false });
  const seen = await register(ada);
  expect(seen.status).toBe(200);
  expect((await User.findOne({ email: ada.email }))!._id).toEqual(cut.user);
  expect(await Team.countDocuments()).toBe(1);
});

it('who has users already has been installed, whatever was cut short', async () => {
  await Registration.create({
    _id: 'first',
    name: 'The first',
    user: new mongoose.Types.ObjectId(),
    until: new Date(Date.now() - 1_000),
  });
  await makeUser(new mongoose.Types.ObjectId().toHexString());
  expect((await register(ada)).status).toBe(409);
});

it.each([
  ['no address', { email: 'ada' }, 'email'],
  ['a weak password', { password: 'weak', confirmPassword: 'weak' }, 'password'],
  ['two passwords', { confirmPassword: `${PASSWORD}?` }, 'confirmPassword'],
])('%s is refused as HyperDX refuses it', async (_what, wrong, field) => {
  const seen = await register({ ...ada, ...wrong });
  expect(seen.status).toBe(400);
  const [fault] = seen.json as { type: string; errors: { issues: { path: string[] }[] } }[];
  expect(fault!.type).toBe('Body');
  const fields = fault!.errors.issues.map(({ path }) => path.join('.'));
  expect(new Set(fields)).toEqual(new Set([field]));
  expect(await isTeamExisting()).toEqual({ isTeamExisting: false });
  expect(seen.text).not.toContain(PASSWORD);
});
