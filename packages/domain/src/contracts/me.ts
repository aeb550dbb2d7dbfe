import { z } from 'zod';

import { LowerObjectIdText } from './objectId';

/** Answer of `GET /tenancy/v1/me/teams`: the teams that the person who is signed in may be in. */
export const MyTeams = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      /** The one that HyperDX shows at present. */
      current: z.boolean(),
      /** An operator's time in a team that is not theirs: until when. */
      supportUntil: z.string().nullable(),
    }),
  ),
});
export type MyTeams = z.infer<typeof MyTeams>;

/** Body of `POST /tenancy/v1/me/team`. */
export const SwitchTeam = z.strictObject({
  team: LowerObjectIdText,
});
