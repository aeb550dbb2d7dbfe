import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { GuardRule } from '@hyperdx-tenancy/domain/guard';

import type { Context } from '../../../controllers/context';
import type { Door } from '../..';
import type * as DoorModule from '../..';
import type { Queries } from '../../queries';
import { Guard } from '../../guard';
import type { Entrance } from './entrances';
import { entrancesOf } from './entrances';
import type { Site } from './site';

/** One rule taken away, and an attack that it stops. */
export interface Mutation {
  rule: string;
  mechanism: string;
  open(context: Context): Door;
}

type Judge = ConstructorParameters<typeof Queries>[0]['guard'];

/** A guard that lets through, as it came, whatever this rule refuses. */
const without = (rule: GuardRule): Judge => {
  const guard = new Guard();
  return {
    async judge(question, tenant, ask) {
      const verdict = await guard.judge(question, tenant, ask);
      if (verdict.allowed || verdict.rule !== rule) return verdict;
      return { allowed: true, kind: 'select', text: question.text, settings: [] };
    },
  };
};

/** For what nobody has thought of: no attack that somebody has thought of comes as far as this rule. */
type Rule = Exclude<GuardRule, 'unknown'>;

/** Each other rule of the guard, by an attack that it stops. */
const ofRules: Readonly<Record<Rule, string>> = {
  text: 'body: quotes of Unicode that hide a table',
  statement: 'SHOW CREATE TABLE',
  table: 'select',
  function: 'dictGet',
  table_function: 'cluster',
  setting: 'setting: query cache',
  parameter: 'value: a name with a backslash',
};

/** From here, as modules are named. */
const domain = '../../../../../domain/src';

/** What must be the same in the service and in a door that is loaded anew: the connection to MongoDB, classes of errors. */
const shared = [
  '../../../controllers/doorTenants',
  '../../../controllers/credentials',
  '../../../middleware/errors',
  '../../../middleware/failedLogins',
  '../../../metrics',
  `${domain}/errors`,
];

type Changes = Readonly<Record<string, object>>;

/** The door, loaded anew with other functions in these modules. */
function changed(changes: Changes): Mutation['open'] {
  return (context) => {
    let createDoor: typeof DoorModule.createDoor | undefined;
    const kept = shared
      .filter((path) => !(path in changes))
      .map((path) => [path, jest.requireActual<object>(path)] as const);
    jest.isolateModules(() => {
      for (const [path, module] of kept) jest.doMock(path, () => module);
      for (const [path, change] of Object.entries(changes)) {
        const actual = shared.includes(path) ? jest.requireActual<object>(path) : undefined;
        jest.doMock(path, () => ({ ...(actual ?? jest.requireActual<object>(path)), ...change }));
      }
      ({ createDoor } = jest.requireActual<typeof DoorModule>('../..'));
    });
    for (const path of [...shared, ...Object.keys(changes)]) jest.dontMock(path);
    if (!createDoor) throw new Error('the door was not loaded');
    return createDoor({ context });
  };
}

const always = () => true;

const ofModules: readonly Mutation[] = [
  {
    rule: 'the list of functions',
    mechanism: 'dictGet',
    open: changed({ [`${domain}/guard/functions/index`]: { isAllowedFunction: always } }),
  },
  {
    rule: 'the judgement of tokens',
    mechanism: 'file: APPLY',
    open: changed({ [`${domain}/guard/calls`]: { callFault: () => undefined } }),
  },
  {
    rule: 'the list of table functions',
    mechanism: 'merge',
    open: changed({
      [`${domain}/guard/tableFunctions`]: {
        tableFunctions: { get: () => 'values', has: always },
      },
    }),
  },
  {
    rule: 'whose table it is',
    mechanism: 'select',
    open: changed({ [`${domain}/guard/scope`]: { isOwnTable: always } }),
  },
  {
    rule: 'the rows of system tables, at both walls',
    mechanism: 'system.tables',
    open: changed({
      [`${domain}/guard/systemTables`]: {
        narrowed: (table: string) => `(SELECT * FROM system.${table})`,
        systemFilters: () => '{}',
      },
    }),
  },
  {
    rule: 'the list of settings',
    mechanism: 'parameter: the setting use_query_cache',
    open: changed({ [`${domain}/guard/settings`]: { checkSetting: () => 'pass' } }),
  },
  {
    rule: 'names in errors',
    mechanism: 'hint: an own table that is not there',
    open: changed({ '../../masking': { maskNames: (text: string) => text } }),
  },
];

export const mutations: readonly Mutation[] = [
  ...(Object.keys(ofRules) as Rule[]).map((rule): Mutation => ({
    rule: `the guard's rule "${rule}"`,
    mechanism: ofRules[rule],
    open: (context) =>
      jest.requireActual<typeof DoorModule>('../..').createDoor({ context, guard: without(rule) }),
  })),
  ...ofModules,
];

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Both entrances of a door beside the service's own, for as long as `work` takes; at the second one Acme is signed in. */
export async function through<T>(
  door: Door,
  site: Site,
  work: (entrances: readonly Entrance[]) => Promise<T>,
): Promise<T> {
  const proxy = createServer((req, res) => {
    const { id: tenantId, teamId } = site.acme;
    void door.proxy(req, res, { tenantId, teamId });
  });
  try {
    const urls = { door: await listen(door.server), ui: await listen(proxy) };
    return await work(entrancesOf(urls, site));
  } finally {
    for (const server of [door.server, proxy]) {
      server.close();
      server.closeAllConnections();
    }
    await door.close();
  }
}
