import { aTime, all, aUuid, json } from './expect';
import { LATER, plant, still } from './laterFields';
import type { Case } from './play';
import { sendTo } from './send';

export const meCases: Case[] = [
  {
    route: 'GET /me',
    what: 'says who one is, with the whole team and nothing that is ours',
    ask: async ({ team }) => {
      await plant('teams', team);
      return {};
    },
    status: 200,
    check: all(
      json(({ member, team, name, apiKey, hookId, server: { config } }) => ({
        accessKey: member.accessKey,
        createdAt: aTime,
        email: member.email,
        id: member.id,
        name: member.email,
        team: expect.objectContaining({
          _id: team,
          id: team,
          name,
          apiKey,
          hookId,
          allowedAuthMethods: [],
          collectorAuthenticationEnforced: true,
          createdAt: aTime,
          updatedAt: aTime,
          ...LATER,
        }) as object,
        usageStatsEnabled: config.usageStatsEnabled,
        aiAssistantEnabled: config.aiAssistantEnabled,
      })),
      (seen) => {
        const { team } = seen.json as { team: object };
        expect(Object.keys(team)).not.toEqual(expect.arrayContaining(['previousApiKeys']));
        expect(seen.text).not.toMatch(/"(hash|salt|password|credentials|tenancySupport)"/);
      },
    ),
  },
  {
    route: 'PATCH /me/accessKey',
    what: 'changes the key: the new one opens the external API, the one before does not',
    ask: async ({ member }) => {
      await plant('users', member.id);
      return {};
    },
    status: 200,
    check: all(
      json(() => ({ newAccessKey: aUuid })),
      async (seen, { member, server }) => {
        const { newAccessKey } = seen.json as { newAccessKey: string };
        const open = async (key: string): Promise<number> =>
          (await sendTo(server.url, 'GET', '/api/v2/team', { authorization: `Bearer ${key}` }))
            .status;
        expect([await open(newAccessKey), await open(member.accessKey)]).toEqual([200, 401]);
        member.accessKey = newAccessKey;
      },
      still('users', ({ member }) => member.id),
    ),
  },
];
