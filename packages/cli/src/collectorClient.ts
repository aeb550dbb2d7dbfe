import type {
  CreateCollectorGroup,
  UpdateCollectorGroup,
} from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import type { RolloutAction } from '@hyperdx-tenancy/domain/contracts/collectorRollout';
import type { CreateCollectorToken } from '@hyperdx-tenancy/domain/contracts/collectorToken';
import { adminRoutes } from '@hyperdx-tenancy/domain/contracts/routes';
import { z } from 'zod';

import { listOf } from './answers';
import {
  Agents,
  CollectorToken,
  Config,
  Group,
  Groups,
  NewCollectorToken,
  Preview,
  Revision,
  Rollouts,
  WholeAgent,
  WholeRevision,
} from './collectorAnswers';
import type { Call, Tagged } from './http';

/** Calls a route, and waits as long as is usual for one that reads. */
type Read = <Schema extends z.ZodType>(
  asked: Omit<Call<Schema>, 'timeoutMs'>,
) => Promise<z.output<Schema>>;

/** The same, with the answer's entity tag. */
type ReadTagged = <Schema extends z.ZodType>(
  asked: Omit<Call<Schema>, 'timeoutMs'>,
) => Promise<Tagged<z.output<Schema>>>;

/** What is set of a group; its options and policy with what a newer API knows besides. */
export type NewGroup = Omit<z.input<typeof CreateCollectorGroup>, 'options' | 'rollout'> & Settings;
export type GroupChange = Omit<UpdateCollectorGroup, 'options' | 'rollout'> & Settings;
interface Settings {
  options?: object;
  rollout?: object;
}

type Query = NonNullable<Call<z.ZodType>['query']>;

/** The routes of collectors, their groups and tokens, a function each. */
export function collectorCalls(read: Read, readTagged: ReadTagged) {
  const { collectorGroups: groups, collectorAgents: agents, collectorTokens: tokens } = adminRoutes;
  const nothing = z.null();

  return {
    /** One page; `next` of the answer is the `after` of the next. */
    listGroups: (query: Query) => read({ route: groups.list, query, answer: Groups }),
    createGroup: (body: NewGroup) => read({ route: groups.create, body, answer: Group }),
    getGroup: (group: string) => read({ route: groups.get, params: { group }, answer: Group }),
    /** With the entity tag of its settings. */
    getTaggedGroup: (group: string) =>
      readTagged({ route: groups.get, params: { group }, answer: Group }),
    updateGroup: (group: string, body: GroupChange, ifMatch: string) =>
      readTagged({
        route: groups.update,
        params: { group },
        headers: { 'if-match': ifMatch },
        body,
        answer: Group,
      }),
    /** How its configs would differ; nothing is changed. */
    previewGroup: (group: string, body: GroupChange) =>
      read({
        route: groups.update,
        params: { group },
        query: { dryRun: 'true' },
        body,
        answer: Preview,
      }),
    deleteGroup: async (group: string): Promise<void> => {
      await read({ route: groups.delete, params: { group }, answer: nothing });
    },
    /** Without its secrets. */
    getGroupConfig: (group: string) =>
      read({ route: groups.config, params: { group }, answer: Config }),
    /** With its secrets; the audit says who had it. */
    readGroupConfig: (group: string) =>
      read({ route: groups.exportConfig, params: { group }, answer: Config }),
    listRevisions: async (group: string) =>
      (await read({ route: groups.revisions, params: { group }, answer: listOf(Revision) })).data,
    getRevision: (group: string, number: number) =>
      read({
        route: groups.revision,
        params: { group, number: String(number) },
        answer: WholeRevision,
      }),
    steerRollout: async (group: string, body: RolloutAction) =>
      (await read({ route: groups.rollout, params: { group }, body, answer: Rollouts })).data,

    /** One page; `next` of the answer is the `after` of the next. */
    listAgents: (query: Query) => read({ route: agents.list, query, answer: Agents }),
    getAgent: (uid: string, group?: string) =>
      read({ route: agents.get, params: { uid }, query: { group }, answer: WholeAgent }),
    forgetAgent: async (uid: string, group?: string): Promise<void> => {
      await read({ route: agents.forget, params: { uid }, query: { group }, answer: nothing });
    },

    createCollectorToken: (body: CreateCollectorToken) =>
      read({ route: tokens.create, body, answer: NewCollectorToken }),
    listCollectorTokens: async () =>
      (await read({ route: tokens.list, answer: listOf(CollectorToken) })).data,
    rotateCollectorToken: (id: string, overlapMinutes: number) =>
      read({
        route: tokens.rotate,
        params: { id },
        body: { overlapMinutes },
        answer: NewCollectorToken,
      }),
    revokeCollectorToken: async (id: string): Promise<void> => {
      await read({ route: tokens.delete, params: { id }, answer: nothing });
    },
  };
}
