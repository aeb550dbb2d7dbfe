import { CollectorAgentList } from '@hyperdx-tenancy/domain/contracts/collectorAgent';
import type { CollectorAgentView } from '@hyperdx-tenancy/domain/contracts/collectorAgent';
import { CollectorGroupView } from '@hyperdx-tenancy/domain/contracts/collectorRollout';

import type { Api } from './api';

/** What the admin API says of one group of collectors, and what can be done to it. */
export interface GroupAdmin {
  show(): Promise<CollectorGroupView>;
  /** @throws Error with the API's answer where it refuses. */
  update(changes: object): Promise<void>;
  /** Its collectors that are connected. */
  agents(): Promise<CollectorAgentView[]>;
}

export function groupAdmin(api: Api, group: string): GroupAdmin {
  const path = `/collector-groups/${encodeURIComponent(group)}`;
  const asked = async (method: string, at: string, body?: unknown): Promise<unknown> => {
    const answer = await api.call(method, at, body);
    if (answer.status !== 200) {
      throw new Error(`${method} ${at}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    return answer.body;
  };
  return {
    show: async () => CollectorGroupView.parse(await asked('GET', path)),
    async update(changes) {
      await asked('PATCH', path, changes);
    },
    async agents() {
      const query = new URLSearchParams({ group, connected: 'true' });
      const list = await asked('GET', `/collector-agents?${query.toString()}`);
      return CollectorAgentList.parse(list).data;
    },
  };
}
