import { Types } from 'mongoose';

import { useServer } from '../../fixtures';
import Team from '../../models/team';
import Tenant from '../../models/tenant';
import type { ITenant } from '../../models/tenant';
import { createLogger } from '../../utils/logger';
import { createContext } from '../context';
import type { Context } from '../context';
import { DoorTenants } from '../doorTenants';

const { server } = useServer();
let context: Context;
let id: string;
let teamId: string;

beforeAll(async () => {
  context = createContext(server.config, createLogger('silent'));
  const { json } = await server.request('POST', '/tenancy/v1/tenants', {
    body: { name: 'Acme', settings: { reader: { maxResultRows: 7 } } },
  });
  id = String(json['id']);
  teamId = (await Tenant.findById(id).lean<ITenant>())!.members.team.toHexString();
}, 60_000);

afterAll(() => context.targets.close());

/** As a process that has just started sees it. */
const find = () => new DoorTenants(context).find(teamId);

const password = (generation: number): string =>
  context.keyring.doorPassword(teamId, { generation, secret: context.keyring.current })!;

/** Generations whose password opens, of the first four. */
async function opening(): Promise<number[]> {
  const tenant = await find();
  return [1, 2, 3, 4].filter((generation) => tenant?.opensWith(password(generation)));
}

const rotation = (to: number | undefined, forced = false) => ({
  kind: 'rotation',
  step: 'add',
  since: new Date(),
  forced,
  ...(to === undefined ? {} : { to: { generation: to, secret: context.keyring.current } }),
});

it('a team is found with its tenant, its target, its login and the settings in force', async () => {
  const tenant = await find();
  expect(tenant).toMatchObject({ id, teamId, status: 'active' });
  expect(tenant?.target).toBe(context.targets.get('default'));
  expect(tenant?.settings.reader).toMatchObject({ maxResultRows: 7, maxExecutionSeconds: 60 });
  expect(tenant?.opensWith('')).toBe(false);
});

it('a team that is not there, or has no tenant, is nobody', async () => {
  const strangers = new DoorTenants(context);
  expect(await strangers.find('0'.repeat(24))).toBeUndefined();
  const team = new Types.ObjectId();
  await Team.create({ _id: team, name: 'Left behind', tenant: new Types.ObjectId() });
  expect(await strangers.find(team.toHexString())).toBeUndefined();
});

it('passwords before and after a rotation open while it goes on, and only those', async () => {
  const states: [object, number[]][] = [
    [{ credentials: { generation: 2, secret: context.keyring.current }, change: null }, [2]],
    [{ change: rotation(undefined) }, [1, 2]],
    [{ change: rotation(3) }, [1, 2, 3]],
    [{ 'credentials.generation': 3, change: rotation(3) }, [2, 3]],
    [{ change: rotation(4, true) }, [3, 4]],
    [{ change: { ...rotation(undefined), kind: 'settings', step: 'access' } }, [3]],
    [{ change: null, 'credentials.secret': 'unknown' }, []],
  ];
  for (const [update, opens] of states) {
    await Tenant.updateOne({ _id: id }, update);
    expect(await opening()).toEqual(opens);
  }
});

it('a team without a known secret is found, and its login says what to do', async () => {
  const tenant = await find();
  expect(tenant?.id).toBe(id);
  const needsSecret = tenant?.target.hasUsers === true;
  const read = (): unknown => tenant?.login;
  if (needsSecret) expect(read).toThrow('TENANCY_SECRET_PREVIOUS');
  else expect(read()).toMatchObject({ username: 'default' });
});

it('a plan that is gone leaves the tenant with the rest of its settings', async () => {
  await Tenant.updateOne({ _id: id }, { plan: 'gone' });
  expect((await find())?.settings.reader).toMatchObject({ maxResultRows: 7 });
});

it('callers at once share a look-up, and what was found is kept for a moment', async () => {
  const tenants = new DoorTenants(context);
  const found = await Promise.all(Array.from({ length: 200 }, () => tenants.find(teamId)));
  expect(new Set(found).size).toBe(1);
  // Of teams that nobody asked for lately only so many are looked up at once.
  const many = Array.from({ length: 101 }, () => tenants.find(new Types.ObjectId().toHexString()));
  const settled = await Promise.allSettled(many);
  const refused = settled.filter(({ status }) => status === 'rejected');
  expect(refused).toEqual([
    { status: 'rejected', reason: expect.objectContaining({ code: 'overloaded' }) as unknown },
  ]);
});
