import TeamInvite from '../../models/teamInvite';
import User from '../../models/user';
import { makeUser } from '../browser';
import { all, anyId, aTime, json, message } from './expect';
import type { Case } from './play';
import { freshEmail, freshId, makeInvitation } from './world';

const rowsOf = (value: unknown): Record<string, unknown>[] =>
  (value as { data: Record<string, unknown>[] }).data;

/** `/api/v2/team` */
export const externalTeamCases: Case[] = [
  {
    route: 'GET /api/v2/team',
    what: "shows the caller's own team",
    ask: () => ({}),
    status: 200,
    check: json(({ team, name }) => ({ data: { id: team, name } })),
  },
  {
    route: 'GET /api/v2/team/members',
    what: 'lists its people',
    ask: () => ({}),
    status: 200,
    check: (seen, { member, colleague }) => {
      const rows = rowsOf(seen.json);
      const row = ({ id, email }: typeof colleague, isCurrentUser: boolean) => ({
        id,
        email,
        name: email,
        isCurrentUser,
      });
      expect(rows).toContainEqual(row(member, true));
      expect(rows).toContainEqual(row(colleague, false));
      expect(rows.filter(({ isCurrentUser }) => isCurrentUser)).toHaveLength(1);
    },
  },
  {
    route: 'POST /api/v2/team/invitation',
    what: 'invites somebody, in lower case',
    ask: () => ({ json: { email: freshEmail().toUpperCase(), name: 'New' } }),
    status: 200,
    check: async (seen, { server, team }) => {
      const { data } = seen.json as { data: { email: string; url: string; invitationId: string } };
      expect(data).toEqual({
        email: data.email.toLowerCase(),
        invitationId: anyId,
        status: 'pending',
        url: expect.any(String) as string,
      });
      const invite = await TeamInvite.findById(data.invitationId).lean();
      expect(data.url).toBe(`${server.config.frontendUrl}/join-team?token=${invite!.token}`);
      expect(String(invite!.teamId)).toBe(team);
    },
  },
  {
    route: 'POST /api/v2/team/invitation',
    what: 'refuses what is no address',
    ask: () => ({ json: { email: 'nobody' } }),
    status: 400,
    check: message(/^Body validation failed: .*email: /),
  },
  {
    route: 'POST /api/v2/team/invitation',
    what: 'refuses who is a member',
    ask: ({ colleague }) => ({ json: { email: colleague.email } }),
    status: 400,
    check: message(/already/),
  },
  {
    route: 'GET /api/v2/team/invitations',
    what: 'lists its invitations',
    ask: () => ({}),
    status: 200,
    check: (seen, { invitation, server }) =>
      expect(rowsOf(seen.json)).toContainEqual({
        id: invitation.id,
        createdAt: aTime,
        email: invitation.email,
        url: `${server.config.frontendUrl}/join-team?token=${invitation.token}`,
      }),
  },
  {
    route: 'DELETE /api/v2/team/invitation/:id',
    what: 'takes one back',
    ask: async ({ team }) => ({ params: { id: (await makeInvitation(team)).id } }),
    status: 200,
    check: json(() => ({ data: { success: true } })),
  },
  {
    route: 'DELETE /api/v2/team/member/:id',
    what: 'takes somebody out',
    ask: async ({ team }) => ({ params: { id: (await makeUser(team)).id } }),
    status: 200,
    check: json(() => ({ data: { success: true } })),
  },
  {
    route: 'DELETE /api/v2/team/member/:id',
    what: 'takes nobody out by themselves',
    ask: ({ member }) => ({ params: { id: member.id } }),
    status: 400,
    check: all(message(/yourself/), async (_seen, { member }) => {
      expect(await User.exists({ _id: member.id })).not.toBeNull();
    }),
  },
  ...(['invitation', 'member'] as const).flatMap((what): Case[] => [
    {
      route: `DELETE /api/v2/team/${what}/:id`,
      what: 'knows none of this id',
      ask: () => ({ params: { id: freshId() } }),
      status: 404,
      check: message(/./, 'not_found'),
    },
    {
      route: `DELETE /api/v2/team/${what}/:id`,
      what: 'refuses an id that is none',
      ask: () => ({ params: { id: 'nonsense' } }),
      status: 400,
      check: message(/^Params validation failed: id: /),
    },
  ]),
];
