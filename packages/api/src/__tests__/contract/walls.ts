import { connectionBody, logBody } from './bodies';
import { all, anyText, empty, json, message, redirect, text } from './expect';
import type { Check } from './expect';
import { CONNECTION_HEADER, queryAsk } from './proxyCases';
import type { ContractRoute } from './routes';
import type { Ask } from './send';
import { freshEmail } from './world';
import type { Side } from './world';

/** What comes of a route when it is called with the ids of another tenant. */
export interface Wall {
  /** A request that is right for a member of `theirs`, were they the one to send it. */
  ask: (theirs: Side, mine: Side) => Ask;
  /** For who is not. */
  status: number;
  check: Check;
}

/** A team named where no route looks for one. */
const asking = ({ team, tenant }: Side): Ask => ({
  query: `team=${team}&teamId=${team}&tenant=${tenant}&id=${team}`,
});
const naming = ({ team, tenant }: Side) => ({ _id: team, id: team, team, teamId: team, tenant });

/** A route that takes no id: what it answers is about who asks. */
const own = (status: number, check: Check, more: (theirs: Side) => Ask = () => ({})): Wall => ({
  ask: (theirs) => ({ ...asking(theirs), ...more(theirs) }),
  status,
  check,
});

const isJson: Check = (seen) => expect(seen.json).toEqual(expect.anything());

const about =
  (field: 'team' | '_id' | 'data.id'): Check =>
  (seen, { team }) => {
    const body = seen.json as { team: { _id: string }; _id: string; data: { id: string } };
    const found = { team: () => body.team._id, _id: () => body._id, 'data.id': () => body.data.id };
    expect(found[field]()).toBe(team);
  };

/** All that it lists is of who asks: nothing else is said of the other by {@link checkSilence}. */
const ofTheTeam =
  (field: 'team' | 'connection'): Check =>
  (seen, side) => {
    const rows = seen.json as Record<string, unknown>[];
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expect(row[field]).toBe(side[field]);
  };

const listed: Check = (seen) =>
  expect((seen.json as { data: unknown[] }).data.length).toBeGreaterThan(0);

const byId =
  (id: (theirs: Side) => string, body?: (mine: Side) => object): Wall['ask'] =>
  (theirs, mine) => ({
    params: { id: id(theirs) },
    ...(body === undefined ? {} : { json: { ...body(mine), ...naming(theirs) } }),
  });

const NOT_THERE: Check = message(/./, 'not_found');
const source = ({ sources }: Side): string => sources.log;
/** One of their own: the managed one could be refused for another reason. */
const connection = ({ made }: Side): string => [...made][0]!;
const invitation = (side: Side): string => side.invitation.id;
const person = ({ colleague }: Side): string => colleague.id;
const sourceFor: Wall['ask'] = (theirs) => ({ json: { ...logBody(theirs), ...naming(theirs) } });
const proxied = (params?: Record<string, string>): Wall => ({
  ask: (theirs) => ({
    ...queryAsk(theirs, 'SELECT 1'),
    ...(params === undefined ? {} : { params }),
  }),
  status: 404,
  check: text('Connection not found'),
});

/** For every route; the compiler misses none. */
export const walls: Record<ContractRoute, Wall> = {
  'GET /health': own(200, isJson),
  'GET /ready': own(200, isJson),
  'GET /installation': own(
    200,
    json(() => ({ isTeamExisting: true })),
  ),
  'POST /register/password': own(409, isJson, ({ member: { email, password } }) => ({
    json: { email, password, confirmPassword: password },
  })),
  'POST /login/password': own(303, redirect('/login?err=authFail'), ({ member: { email } }) => ({
    form: { email, password: 'Not-the-one-1-has!' },
  })),
  'GET /logout': own(302, redirect('/login')),
  'POST /team/setup/:token': {
    ask: (theirs) => ({
      params: { token: theirs.invitation.id },
      form: { password: theirs.member.password, email: theirs.invitation.email },
    }),
    status: 401,
    check: text('Invalid token'),
  },

  'GET /me': own(200, about('team')),
  'PATCH /me/accessKey': own(200, isJson, (theirs) => ({
    json: { ...naming(theirs), id: theirs.member.id },
  })),
  'GET /team': own(200, about('_id')),
  'PATCH /team/apiKey': own(409, message(/./, 'ingestion_key_taken'), (theirs) => ({
    json: { apiKey: theirs.apiKey, ...naming(theirs) },
  })),
  'PATCH /team/name': own(
    200,
    json(() => ({ name: 'Walled' })),
    (theirs) => ({
      json: { name: 'Walled', ...naming(theirs) },
    }),
  ),
  'PATCH /team/clickhouse-settings': own(
    200,
    json(() => ({ queryTimeout: 9 })),
    (theirs) => ({
      json: { queryTimeout: 9, ...naming(theirs) },
    }),
  ),
  'POST /team/invitation': own(
    200,
    json(() => ({ url: anyText })),
    (theirs) => ({
      json: { email: freshEmail(), ...naming(theirs) },
    }),
  ),
  'GET /team/invitations': own(200, listed),
  'DELETE /team/invitation/:id': { ask: byId(invitation), status: 404, check: NOT_THERE },
  'GET /team/members': own(200, listed),
  'DELETE /team/member/:id': { ask: byId(person), status: 404, check: NOT_THERE },
  'GET /team/tags': own(
    200,
    json(({ tag }) => ({ data: [tag] })),
  ),

  'GET /sources': own(200, all(ofTheTeam('team'), ofTheTeam('connection'))),
  'POST /sources': { ask: sourceFor, status: 400, check: message(/^connection: /) },
  'PUT /sources/:id': { ask: byId(source, logBody), status: 404, check: text('Source not found') },
  'DELETE /sources/:id': { ask: byId(source), status: 200, check: empty },
  'GET /connections': own(200, ofTheTeam('team')),
  'POST /connections': own(200, isJson, (theirs) => ({
    json: { ...connectionBody(theirs), ...naming(theirs) },
  })),
  'PUT /connections/:id': { ask: byId(connection, connectionBody), status: 404, check: empty },
  'DELETE /connections/:id': { ask: byId(connection), status: 200, check: empty },
  'POST /clickhouse-proxy/test': own(
    200,
    json(() => ({ success: true })),
    (theirs) => ({
      json: {
        host: theirs.engines.clickhouse.url,
        username: theirs.engines.clickhouse.user,
        password: theirs.engines.clickhouse.password,
        ...naming(theirs),
      },
    }),
  ),
  'POST /clickhouse-proxy': proxied(),
  'POST /clickhouse-proxy/:suffix': proxied({ suffix: '' }),
  'GET /clickhouse-proxy': {
    ask: (theirs) => ({
      query: 'query=SELECT+1',
      headers: { [CONNECTION_HEADER]: theirs.connection },
    }),
    status: 405,
    check: text('Method Not Allowed'),
  },

  'GET /api/v2/sources': own(200, listed),
  'POST /api/v2/sources': { ask: sourceFor, status: 400, check: message(/^connection: /) },
  'GET /api/v2/sources/:id': { ask: byId(source), status: 404, check: NOT_THERE },
  'PUT /api/v2/sources/:id': { ask: byId(source, logBody), status: 404, check: NOT_THERE },
  'DELETE /api/v2/sources/:id': { ask: byId(source), status: 404, check: NOT_THERE },
  'GET /api/v2/connections': own(200, listed),
  'POST /api/v2/connections': own(200, isJson, (theirs) => ({
    json: { ...connectionBody(theirs), ...naming(theirs) },
  })),
  'GET /api/v2/connections/:id': { ask: byId(connection), status: 404, check: NOT_THERE },
  'PUT /api/v2/connections/:id': {
    ask: byId(connection, connectionBody),
    status: 404,
    check: NOT_THERE,
  },
  'DELETE /api/v2/connections/:id': { ask: byId(connection), status: 404, check: NOT_THERE },
  'GET /api/v2/team': own(200, about('data.id')),
  'GET /api/v2/team/members': own(200, listed),
  'POST /api/v2/team/invitation': own(200, isJson, (theirs) => ({
    json: { email: freshEmail(), ...naming(theirs) },
  })),
  'GET /api/v2/team/invitations': own(200, listed),
  'DELETE /api/v2/team/invitation/:id': { ask: byId(invitation), status: 404, check: NOT_THERE },
  'DELETE /api/v2/team/member/:id': { ask: byId(person), status: 404, check: NOT_THERE },
};
