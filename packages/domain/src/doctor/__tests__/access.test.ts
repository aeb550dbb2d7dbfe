import { compareTenant, orphans } from '../access';
import {
  access,
  changed,
  grantTo,
  other,
  removeElements,
  resolve,
  revokeFrom,
  setElement,
  setUser,
  sharedFaults,
  tenantFaults,
  usual,
} from './changes';
import { a, b, grant, healthy } from './fixtures';
import type { Server } from './fixtures';

const { reader, writer } = access;

it('finds nothing where all is as it should be', () => {
  const server = healthy(access, other);
  expect(tenantFaults(server)).toEqual([]);
  expect([...compareTenant({ ...usual, access: other }, server, resolve)]).toEqual([]);
  expect(sharedFaults(server)).toEqual([]);
  expect([...orphans(server, (id) => id === a || id === b)]).toEqual([]);
});

it('takes the forms in which servers print the same', () => {
  const server = changed((one) => {
    setElement(one, reader.profile, 'use_query_cache', { value: 'false' });
    setElement(one, reader.profile, 'max_execution_time', { value: '60.0', max: '60' });
    // Nothing is stated: no server need show it.
    removeElements(one, reader.profile, ({ setting: name }) => name === 'join_algorithm');
    setElement(one, reader.profile, 'allow_experimental_analyzer', { setting: 'enable_analyzer' });
  });
  expect(tenantFaults(server)).toEqual([]);
});

describe('a suspended tenant', () => {
  const isInsert = ({ privilege }: { privilege: string }): boolean => privilege === 'INSERT';
  const stopped = (server: Server): void => {
    const grants = server.grants.get(writer.user) ?? [];
    server.grants.set(
      writer.user,
      grants.filter((one) => !isInsert(one)),
    );
  };
  it('has a writer that inserts nothing, and a reader that reads or does not', () => {
    expect(tenantFaults(changed(stopped), { suspended: true })).toEqual([]);
    const readsNothing = changed((server) => {
      stopped(server);
      server.grants.delete(reader.user);
    });
    expect(tenantFaults(readsNothing, { suspended: true })).toEqual([]);
  });
  it('is found inserting', () => {
    const [found, ...others] = tenantFaults(healthy(access), { suspended: true });
    expect(others).toEqual([]);
    expect(found?.message).toContain(`${writer.user} has grants that it should not have: INSERT`);
  });
  it('is not what an active tenant looks like', () => {
    expect(tenantFaults(changed(stopped))[0]?.message).toContain('lacks grants: INSERT');
  });
});

it('allows two passwords while they rotate, and not three', () => {
  const passwords = (count: number): Server =>
    changed((server) =>
      setUser(server, reader.user, { auth: Array<string>(count).fill('sha256_password') }),
    );
  expect(tenantFaults(passwords(2), { rotating: true })).toEqual([]);
  expect(tenantFaults(passwords(3), { rotating: true })).toHaveLength(1);
});

it('takes limits for no fault while a change is under way, and grants for one', () => {
  const server = changed((one) => {
    one.quotas.delete(reader.quota);
    setElement(one, reader.profile, 'max_result_rows', { max: '5' });
    grantTo(one, reader.user, grant('SELECT', 'otel.*'));
  });
  const found = tenantFaults(server, { settling: true });
  expect(found.map(({ check, severity }) => [check, severity])).toEqual([
    ['access.grants', 'error'],
    ['access.profiles', 'info'],
    ['access.quotas', 'info'],
  ]);
});

it('says the same whatever the order in which the server lists things', () => {
  const broken = changed((server) => {
    grantTo(server, reader.user, grant('SELECT', 'otel.*'), grant('INSERT', 'otel.*'));
    revokeFrom(server, reader.user, `otel_logs_${a}`);
    revokeFrom(server, reader.user, `otel_traces_${a}`);
    removeElements(server, reader.profile, ({ value }) => value !== null);
    server.roles.set(reader.user, ['one', 'two']);
  });
  const reversed: Server = {
    ...broken,
    users: new Map([...broken.users].reverse()),
    grants: new Map([...broken.grants].map(([name, list]) => [name, [...list].reverse()])),
    roles: new Map([...broken.roles].map(([name, list]) => [name, [...list].reverse()])),
    profiles: new Map([...broken.profiles].map(([name, list]) => [name, [...list].reverse()])),
  };
  expect(tenantFaults(reversed)).toEqual(tenantFaults(broken));
  const nobody = (): boolean => false;
  expect([...orphans(reversed, nobody)]).toEqual([...orphans(broken, nobody)]);
});
