import { randomUUID } from 'node:crypto';

import Operator from '../../models/operator';
import Team from '../../models/team';
import TeamInvite from '../../models/teamInvite';
import User from '../../models/user';
import { makeUser } from '../browser';
import { all, anyId, anyText, aTime, aUuid, faults, json, message } from './expect';
import type { Check } from './expect';
import { plant, still } from './laterFields';
import type { Case } from './play';
import type { Ask } from './send';
import { freshEmail, freshId, makeInvitation } from './world';
import type { Side } from './world';

const invitationUrl = ({ server }: Side, token: string): string =>
  `${server.config.frontendUrl}/join-team?token=${token}`;

const rowsOf = (value: unknown): Record<string, unknown>[] =>
  (value as { data: Record<string, unknown>[] }).data;

const storedTeam = async ({ team }: Side) => (await Team.findById(team).lean())!;

const newKey = (what: string, ask: (side: Side) => Ask, status: number, check: Check): Case => ({
  route: 'PATCH /team/apiKey',
  what,
  ask,
  status,
  check: all(check, async (_seen, side) => {
    side.apiKey = (await storedTeam(side)).apiKey;
  }),
});

const sameKey: Check = async (_seen, side) =>
  expect((await storedTeam(side)).apiKey).toBe(side.apiKey);

export const teamCases: Case[] = [
  {
    route: 'GET /team',
    what: 'shows the team that one is in, not the first one that there is',
    ask: () => ({}),
    status: 200,
    check: (seen, { team, name, apiKey }) => {
      // The id comes twice here, as mongoose writes it.
      const { id = team, ...document } = seen.json as Record<string, unknown>;
      expect(id).toBe(team);
      expect(document).toEqual({
        _id: team,
        allowedAuthMethods: [],
        apiKey,
        name,
        createdAt: aTime,
        isMetricsSeriesTableEnabled: false,
      });
    },
  },
  newKey(
    'makes a new key',
    () => ({}),
    200,
    async (seen, side) => {
      await json(() => ({ newApiKey: aUuid }))(seen, side);
      const { newApiKey } = seen.json as { newApiKey: string };
      expect(newApiKey).not.toBe(side.apiKey);
      expect((await storedTeam(side)).apiKey).toBe(newApiKey);
    },
  ),
  newKey(
    'takes one of their choice',
    () => ({ json: { apiKey: `chosen-${randomUUID()}` } }),
    200,
    (seen) => expect(seen.json).toEqual({ newApiKey: expect.stringMatching(/^chosen-/) as string }),
  ),
  newKey(
    'refuses one that is against the rule',
    () => ({ json: { apiKey: 'short' } }),
    400,
    all(faults({ Body: ['apiKey'] }), sameKey),
  ),
  newKey(
    "refuses another team's, and does not say whose",
    ({ theirs }) => ({ json: { apiKey: theirs.apiKey } }),
    409,
    all(message(/key/, 'ingestion_key_taken'), sameKey),
  ),
  {
    route: 'PATCH /team/name',
    what: 'renames, and keeps what only a later HyperDX knows',
    ask: async ({ team }) => {
      await plant('teams', team);
      return { json: { name: `Renamed ${randomUUID()}` } };
    },
    status: 200,
    check: all(
      async (seen, side) => {
        side.name = (await storedTeam(side)).name;
        expect(seen.json).toEqual({ name: side.name });
        expect(side.name).toMatch(/^Renamed/);
      },
      still('teams', ({ team }) => team),
    ),
  },
  ...(
    [
      ['no name', {}],
      ['an empty name', { name: '' }],
      ['a name of 101 characters', { name: 'x'.repeat(101) }],
      ['an object for a name', { name: { $gt: '' } }],
    ] as const
  ).map(([what, body]): Case => ({
    route: 'PATCH /team/name',
    what: `refuses ${what}`,
    ask: () => ({ json: body }),
    status: 400,
    check: faults({ Body: ['name'] }),
  })),
  {
    route: 'PATCH /team/clickhouse-settings',
    what: 'echoes what was set, and writes nothing else',
    ask: async ({ team, theirs }) => {
      await plant('teams', team);
      const more = { tenant: theirs.tenant, apiKey: 'stolen-by-settings', name: 'Other' };
      return {
        json: { searchRowLimit: 100, queryTimeout: 7, fieldMetadataDisabled: true, ...more },
      };
    },
    status: 200,
    check: all(
      json(() => ({ searchRowLimit: 100, queryTimeout: 7, fieldMetadataDisabled: true })),
      async (_seen, side) => {
        const document = await storedTeam(side);
        expect(document).toMatchObject({
          searchRowLimit: 100,
          name: side.name,
          apiKey: side.apiKey,
        });
        expect(String(document.tenant)).toBe(side.tenant);
      },
      still('teams', ({ team }) => team),
    ),
  },
  {
    route: 'PATCH /team/clickhouse-settings',
    what: 'refuses a text for a number',
    ask: () => ({ json: { queryTimeout: 'long' } }),
    status: 400,
    check: faults({ Body: ['queryTimeout'] }),
  },
  {
    route: 'GET /team/tags',
    what: "lists the tags of the team's dashboards",
    ask: () => ({}),
    status: 200,
    check: json(({ tag }) => ({ data: [tag] })),
  },
  {
    route: 'POST /team/invitation',
    what: 'invites somebody',
    ask: () => ({ json: { email: freshEmail(), name: 'New' } }),
    status: 200,
    check: async (seen, side) => {
      const invite = await TeamInvite.findOne({ teamId: side.team }).sort({ _id: -1 }).lean();
      expect(invite).toMatchObject({
        name: 'New',
        token: expect.stringMatching(/^[a-f0-9]{64}$/) as string,
      });
      expect(seen.json).toEqual({ url: invitationUrl(side, invite!.token) });
    },
  },
  {
    route: 'POST /team/invitation',
    what: 'answers for whoever is invited already with the same invitation',
    ask: ({ invitation }) => ({ json: { email: invitation.email } }),
    status: 200,
    check: (seen, side) =>
      expect(seen.json).toEqual({ url: invitationUrl(side, side.invitation.token) }),
  },
  {
    route: 'POST /team/invitation',
    what: "does not tell that one of another tenant's has an account",
    ask: ({ theirs }) => ({ json: { email: theirs.colleague.email } }),
    status: 200,
    check: all(
      json(() => ({ url: anyText })),
      async (_seen, { team, theirs }) => {
        await TeamInvite.deleteOne({ teamId: team, email: theirs.colleague.email });
      },
    ),
  },
  {
    route: 'POST /team/invitation',
    what: 'refuses who is a member',
    ask: ({ colleague }) => ({ json: { email: colleague.email } }),
    status: 400,
    check: message(/already/),
  },
  ...[{}, { email: 'nobody' }, { email: { $ne: '' } }].map((body): Case => ({
    route: 'POST /team/invitation',
    what: `refuses ${JSON.stringify(body)}`,
    ask: () => ({ json: body }),
    status: 400,
    check: faults({ Body: ['email'] }),
  })),
  {
    route: 'GET /team/invitations',
    what: "lists the team's",
    ask: () => ({}),
    status: 200,
    check: (seen, side) => {
      const { id: _id, email, token } = side.invitation;
      const rows = rowsOf(seen.json);
      expect(rows).toContainEqual({
        _id,
        createdAt: aTime,
        email,
        url: invitationUrl(side, token),
      });
      for (const row of rows)
        expect(row).toMatchObject({ _id: anyId, createdAt: aTime, url: anyText });
    },
  },
  {
    route: 'DELETE /team/invitation/:id',
    what: 'takes one back',
    ask: async ({ team }) => ({ params: { id: (await makeInvitation(team)).id } }),
    status: 200,
    check: json(() => ({ message: 'TeamInvite deleted' })),
  },
  {
    route: 'GET /team/members',
    what: 'lists its people',
    ask: () => ({}),
    status: 200,
    check: (seen, { member, colleague }) => {
      const rows = rowsOf(seen.json);
      const row = ({ id: _id, email }: typeof colleague, isCurrentUser: boolean) => ({
        _id,
        email,
        name: email,
        hasPasswordAuth: true,
        isCurrentUser,
      });
      expect(rows).toContainEqual(row(member, true));
      expect(rows).toContainEqual(row(colleague, false));
      expect(rows.filter(({ isCurrentUser }) => isCurrentUser)).toHaveLength(1);
    },
  },
  {
    route: 'DELETE /team/member/:id',
    what: 'takes somebody out',
    ask: async ({ team }) => ({ params: { id: (await makeUser(team)).id } }),
    status: 200,
    check: json(() => ({ message: 'User deleted' })),
  },
  {
    route: 'DELETE /team/member/:id',
    what: 'takes nobody out by themselves',
    ask: ({ member }) => ({ params: { id: member.id } }),
    status: 400,
    check: all(message(/./), async (_seen, { member }) => {
      expect(await User.exists({ _id: member.id })).not.toBeNull();
    }),
  },
  {
    route: 'DELETE /team/member/:id',
    what: 'takes no operator of the installation out',
    ask: ({ operator }) => ({ params: { id: operator.id } }),
    status: 403,
    check: all(message(/./, 'forbidden'), async (_seen, { operator }) => {
      expect(await Operator.exists({ _id: operator.id })).not.toBeNull();
      expect(await User.exists({ _id: operator.id })).not.toBeNull();
    }),
  },
  ...(['invitation', 'member'] as const).flatMap((what): Case[] => [
    {
      route: `DELETE /team/${what}/:id`,
      what: 'knows none of this id',
      ask: () => ({ params: { id: freshId() } }),
      status: 404,
      check: message(/./, 'not_found'),
    },
    {
      route: `DELETE /team/${what}/:id`,
      what: 'refuses an id that is none',
      ask: () => ({ params: { id: 'nonsense' } }),
      status: 400,
      check: faults({ Params: ['id'] }),
    },
  ]),
];
