import { readerPins, viewsDefiner } from '../../access';
import { orphans } from '../access';
import {
  access,
  changed,
  grantTo,
  other,
  removeElements,
  setElement,
  setUser,
  sharedFaults,
} from './changes';
import type { Case } from './changes';
import { a, b, grant, healthy, serverSettings } from './fixtures';

const sharedCases: Case[] = [
  [
    'a missing definer',
    'access.definer',
    'error',
    'is missing',
    (s) => s.users.delete(viewsDefiner),
  ],
  [
    'a definer that may log in',
    'access.definer',
    'error',
    'may log in',
    (s) => setUser(s, viewsDefiner, { hosts: ['::/0'] }),
  ],
  [
    'a definer that hands on',
    'access.definer',
    'error',
    'hand on',
    (s) => setUser(s, viewsDefiner, { hasGrantees: true }),
  ],
  [
    'a definer with too few grants',
    'access.definer',
    'error',
    'lacks grants: SELECT ON otel.*',
    (s) => s.grants.set(viewsDefiner, [grant('INSERT', 'otel.*')]),
  ],
  [
    'a definer with too many',
    'access.definer',
    'error',
    'should not have: SELECT ON secrets.users',
    (s) => grantTo(s, viewsDefiner, grant('SELECT', 'secrets.users')),
  ],
  [
    'a role of the definer',
    'access.roles',
    'error',
    'admin',
    (s) => s.roles.set(viewsDefiner, ['admin']),
  ],
  ['missing pins', 'access.pins', 'error', 'is missing', (s) => s.profiles.delete(readerPins)],
  [
    'a pin that is gone',
    'access.pins',
    'error',
    'does not hold 1 setting(s) that this release of ClickHouse has: max_threads',
    (s) => removeElements(s, readerPins, ({ setting: name }) => name === 'max_threads'),
  ],
  [
    'a pin that is open',
    'access.pins',
    'error',
    'does not hold 1 setting(s)',
    (s) => setElement(s, readerPins, 'max_block_size', { writability: 'WRITABLE' }),
  ],
  [
    'a pin with a value',
    'access.pins',
    'error',
    'a value of max_threads',
    (s) => setElement(s, readerPins, 'max_threads', { value: '1' }),
  ],
];

it.each(sharedCases)('finds %s', (_what, check, severity, says, change) => {
  const found = sharedFaults(changed(change));
  expect(found).toHaveLength(1);
  expect(found[0]).toMatchObject({ check, severity, tenant: null });
  expect(found[0]?.message).toContain(says);
});

it('finds pins that a newer release of the server has outgrown', () => {
  const newer = [...serverSettings, { name: 'brand_new', aliasFor: '' }];
  expect(sharedFaults(healthy(access), newer)).toMatchObject([
    { check: 'access.pins', message: expect.stringContaining('brand_new') as string },
  ]);
});

it('finds what belongs to no tenant', () => {
  const found = [...orphans(healthy(access, other), (id) => id === a)];
  expect(found.map(({ severity, message }) => [severity, message])).toEqual([
    ['error', `User hdx_r_${b} belongs to no tenant.`],
    ['warning', `Settings profile hdx_rp_${b} belongs to no tenant.`],
    ['warning', `Quota hdx_rq_${b} belongs to no tenant.`],
    ['error', `User hdx_w_${b} belongs to no tenant.`],
    ['warning', `Settings profile hdx_wp_${b} belongs to no tenant.`],
    ['warning', `Quota hdx_wq_${b} belongs to no tenant.`],
  ]);
});
