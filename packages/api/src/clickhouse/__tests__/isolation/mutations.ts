import type { SettingRule } from '@hyperdx-tenancy/domain/access';

import { b, database } from './tenants';
import type { EngineUser } from './usersFile';

/** One wall taken away. */
export interface Mutation {
  what: string;
  of: 'reader' | 'writer';
  change(user: EngineUser): EngineUser;
}

const grant =
  (...statements: string[]): Mutation['change'] =>
  (user) => ({ ...user, grants: [...user.grants, ...statements] });

const rule =
  (name: string, change: (rule: SettingRule) => SettingRule[]): Mutation['change'] =>
  (user) => ({
    ...user,
    settings: user.settings.flatMap((one) => (one.name === name ? change(one) : [one])),
  });

const withoutBounds = ({ name, value, why }: SettingRule): SettingRule[] => [
  { name, access: 'changeable', why, ...(value !== undefined && { value }) },
];

/** Each must make at least one probe fail: else no probe watches that wall. */
export const mutations: readonly Mutation[] = [
  { what: 'SELECT on the database', of: 'reader', change: grant(`GRANT SELECT ON ${database}.*`) },
  {
    what: 'SELECT of one column of one table of B',
    of: 'reader',
    change: grant(`GRANT SELECT(Body) ON ${database}.otel_logs_${b}`),
  },
  { what: 'SELECT on system', of: 'reader', change: grant('GRANT SELECT ON system.*') },
  { what: 'SHOW', of: 'reader', change: grant(`GRANT SHOW ON ${database}.*`) },
  {
    what: 'dictGet',
    of: 'reader',
    change: grant(`GRANT dictGet ON ${database}.*`, `GRANT SELECT ON ${database}.source_${b}`),
  },
  { what: 'temporary tables', of: 'reader', change: grant('GRANT CREATE TEMPORARY TABLE ON *.*') },
  { what: 'sources of data', of: 'reader', change: grant('GRANT SOURCES ON *.*') },
  { what: 'readonly', of: 'reader', change: rule('readonly', () => []) },
  { what: 'use_query_cache', of: 'reader', change: rule('use_query_cache', withoutBounds) },
  {
    what: 'range of max_execution_time',
    of: 'reader',
    change: rule('max_execution_time', withoutBounds),
  },
  {
    what: 'range of allow_experimental_analyzer',
    of: 'reader',
    change: rule('allow_experimental_analyzer', withoutBounds),
  },
  { what: 'pins', of: 'reader', change: (user) => ({ ...user, pins: [] }) },
  { what: 'INSERT on the database', of: 'writer', change: grant(`GRANT INSERT ON ${database}.*`) },
  { what: 'SELECT on the database', of: 'writer', change: grant(`GRANT SELECT ON ${database}.*`) },
  { what: 'ALTER', of: 'writer', change: grant(`GRANT ALTER ON ${database}.*`) },
  {
    what: 'wait_for_async_insert',
    of: 'writer',
    change: rule('wait_for_async_insert', withoutBounds),
  },
];
