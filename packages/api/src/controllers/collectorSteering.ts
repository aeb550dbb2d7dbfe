import type {
  RolloutAction,
  RolloutList,
} from '@hyperdx-tenancy/domain/contracts/collectorRollout';
import type { RolloutView } from '@hyperdx-tenancy/domain/contracts/collectorRollout';

import {
  pauseRollout,
  releaseRollout,
  resumeRollout,
  retryRollout,
  rollbackRollout,
} from './collectorRollouts';
import type { Context } from './context';

function steerOne(shard: string, asked: RolloutAction, context: Context): Promise<RolloutView> {
  switch (asked.action) {
    case 'pause':
      return pauseRollout(shard, context);
    case 'resume':
      return resumeRollout(shard, context);
    case 'rollback':
      return rollbackRollout(shard, asked.revision, context);
    case 'release':
      return releaseRollout(shard, context);
    case 'retry':
      return retryRollout(shard, context);
  }
}

/**
 * Does what an operator asked for to each of these configs, one after the other.
 * @throws TenancyError `not_found`, `invalid_request`, `operation_running`; what was done to those before stands.
 */
export async function steerRollout(
  shards: readonly string[],
  asked: RolloutAction,
  context: Context,
): Promise<RolloutList['data']> {
  const data: RolloutList['data'] = [];
  for (const id of shards) data.push({ id, rollout: await steerOne(id, asked, context) });
  return data;
}
