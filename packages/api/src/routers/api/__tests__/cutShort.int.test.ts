import { randomUUID } from 'node:crypto';

import mongoose from 'mongoose';
import type { Model } from 'mongoose';

import { Browser, makeUser, PASSWORD } from '../../../__tests__/browser';
import type { MadeUser, Seen } from '../../../__tests__/browser';
import { useServer } from '../../../fixtures';
import Membership from '../../../models/membership';
import Operator from '../../../models/operator';
import Registration from '../../../models/registration';
import Team from '../../../models/team';
import Tenant from '../../../models/tenant';
import User from '../../../models/user';
import { inhabit } from './teams';
import type { Inhabited } from './teams';

// What is left of a change whose next write never came. The same with processes that are killed: e2e, `accountFaultPoints`.

jest.setTimeout(60_000);

const { server } = useServer();

afterEach(() => jest.restoreAllMocks());

/** The next write of this kind fails; those after it work again. */
function cut(model: Model<never>, method: 'create' | 'updateOne' | 'deleteOne'): void {
  const failing = jest.spyOn(model as unknown as Record<typeof method, () => unknown>, method);
  failing.mockImplementationOnce(() => {
    throw new Error('cut short');
  });
}

describe('a registration', () => {
  const ada = { email: 'ada@users.example', password: PASSWORD, confirmPassword: PASSWORD };
  const register = (): Promise<Seen> =>
    new Browser(server.url).request('POST', '/register/password', { json: ada });

  afterEach(async () => {
    for (const model of [Operator, Registration, Team, Tenant, User])
      await mongoose.connection.collection(model.collection.name).deleteMany({});
  });

  it.each([
    ['before its user was an operator', Operator, 'updateOne'],
    ['before there was a user', User, 'create'],
  ] as const)(
    'that was cut short when its tenant was made, %s, is completed',
    async (...[, model, method]) => {
      cut(model as never, method);
      expect((await register()).status).toBe(500);
      expect(await Tenant.countDocuments({ status: 'active' })).toBe(1);
      expect((await register()).status).toBe(200);
      const counts = [Tenant, Team, User, Operator].map((one) =>
        mongoose.connection.collection(one.collection.name).countDocuments(),
      );
      expect(await Promise.all(counts)).toEqual([1, 1, 1, 1]);
    },
  );

  it('takes over no tenant that somebody else has made under its name', async () => {
    cut(Tenant as never, 'create');
    expect((await register()).status).toBe(500);
    const name = "ada@users.example's Team";
    expect((await server.request('POST', '/tenancy/v1/tenants', { body: { name } })).status).toBe(
      201,
    );
    expect((await register()).status).toBe(409);
    expect(await User.countDocuments()).toBe(0);
  });
});

describe('one person in two teams', () => {
  let acme: Inhabited;
  let globex: Inhabited;
  let person: MadeUser;
  let browser: Browser;

  beforeAll(async () => {
    acme = await inhabit(server, `Acme ${randomUUID()}`);
    globex = await inhabit(server, `Globex ${randomUUID()}`);
  });

  beforeEach(async () => {
    person = await makeUser(globex.team);
    await Membership.create([acme, globex].map(({ team }) => ({ user: person.id, team })));
    browser = await Browser.login(server.url, person.email, person.password);
  });

  const teamOf = async (): Promise<unknown> =>
    ((await browser.request('GET', '/team')).json as { _id: string })._id;
  const remove = (): Promise<Seen> => globex.browser.request('DELETE', `/team/member/${person.id}`);

  it.each([
    ['before anything was written', User, 'updateOne'],
    ['before their membership was gone', Membership, 'deleteOne'],
  ] as const)(
    'whose removal was cut short %s is removed by the next try',
    async (...[, model, method]) => {
      cut(model as never, method);
      expect((await remove()).status).toBe(500);
      expect((await remove()).status).toBe(200);
      expect(await teamOf()).toBe(acme.team);
      const json = { team: globex.team };
      expect((await browser.request('POST', '/tenancy/v1/me/team', { json })).status).toBe(404);
    },
  );

  it('is never left in a team that is not theirs any more', async () => {
    cut(Membership as never, 'deleteOne');
    expect((await remove()).status).toBe(500);
    expect(await teamOf()).toBe(acme.team);
  });

  it('can be removed from a team that they are in without belonging to it', async () => {
    // As a process left it that died between switching them and finding them removed.
    await Membership.deleteOne({ user: person.id, team: globex.team });
    expect(await teamOf()).toBe(globex.team);
    expect((await remove()).status).toBe(200);
    expect(await teamOf()).toBe(acme.team);
  });
});
