import type { ICollectorAgent } from '../../models/collectorAgent';
import type { HeardAgent } from '../collectorAgents';

const DAY_MS = 86_400_000;

/** An agent of the shared group that was heard of a while ago, as a process notes it. */
export function heardAgent(more: Partial<ICollectorAgent> = {}, silentMs = 0): HeardAgent {
  const heardAt = new Date(Date.now() - silentMs);
  const { shard = 'shared:default', instanceUid = 'a'.repeat(32), ...fields } = more;
  return {
    shard,
    instanceUid,
    isNew: true,
    isPresence: false,
    fields: {
      token: 'environment',
      process: 'test',
      transport: 'http',
      status: 'applied',
      state: 'in_step',
      revision: 0,
      healthy: true,
      heardAt,
      aliveUntil: new Date(heardAt.getTime() + 90_000),
      forgetAt: new Date(heardAt.getTime() + 30 * DAY_MS),
      ...fields,
    },
  };
}
