import { CollectorAgentList } from '@hyperdx-tenancy/domain/contracts/collectorAgent';
import type { CollectorAgentView } from '@hyperdx-tenancy/domain/contracts/collectorAgent';
import type { CreateCollectorGroup } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import { CollectorGroupView } from '@hyperdx-tenancy/domain/contracts/collectorRollout';
import type { RolloutView } from '@hyperdx-tenancy/domain/contracts/collectorRollout';
import type { z } from 'zod';

import type { Api } from './api';

/** What the admin API says of one group of collectors, and what can be done to it. */
export interface GroupAdmin {
  show(): Promise<CollectorGroupView>;
  /** How far its one config has come. @throws Error where it has none, or several. */
  rollout(): Promise<RolloutView>;
  /** @throws Error with the API's answer where it refuses. */
  update(changes: object): Promise<void>;
  /** Its collectors that are connected. */
  agents(): Promise<CollectorAgentView[]>;
  /** True where so many collectors are connected, healthy, and run what they are meant to. */
  inStep(collectors: number): Promise<boolean>;
}

async function asked(
  api: Pick<Api, 'call'>,
  status: number,
  ...[method, path, body]: Parameters<Api['call']>
): Promise<unknown> {
  const answer = await api.call(method, path, body);
  if (answer.status === status) return answer.body;
  throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
}

export function groupAdmin(api: Pick<Api, 'call'>, group: string): GroupAdmin {
  const path = `/collector-groups/${encodeURIComponent(group)}`;
  const show = async (): Promise<CollectorGroupView> =>
    CollectorGroupView.parse(await asked(api, 200, 'GET', path));
  const agents = async (): Promise<CollectorAgentView[]> => {
    const query = new URLSearchParams({ group, connected: 'true' });
    const list = await asked(api, 200, 'GET', `/collector-agents?${query.toString()}`);
    return CollectorAgentList.parse(list).data;
  };
  return {
    show,
    agents,
    async rollout() {
      const { parts } = await show();
      const [part] = parts;
      if (!part || parts.length > 1) throw new Error(`${group} has ${parts.length} configs`);
      return part.rollout;
    },
    async update(changes) {
      await asked(api, 200, 'PATCH', path, changes);
    },
    async inStep(collectors) {
      const found = await agents();
      return (
        found.length === collectors &&
        found.every(({ healthy, config }) => healthy === true && config.state === 'in_step')
      );
    },
  };
}

/** Makes a named group. @throws Error with the API's answer where it refuses. */
export async function createGroup(
  api: Pick<Api, 'call'>,
  group: z.input<typeof CreateCollectorGroup>,
): Promise<GroupAdmin> {
  await asked(api, 201, 'POST', '/collector-groups', group);
  return groupAdmin(api, `named:${group.name}`);
}
