import {
  CreateCollectorGroup,
  GroupParams,
  ListCollectorGroups,
  RevisionParams,
  UpdateCollectorGroup,
  UpdateGroupQuery,
} from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import { RolloutAction } from '@hyperdx-tenancy/domain/contracts/collectorRollout';
import type { RolloutList } from '@hyperdx-tenancy/domain/contracts/collectorRollout';
import { ADMIN_BASE } from '@hyperdx-tenancy/domain/contracts/routes';
import { Router } from 'express';
import type { Response } from 'express';

import { recordChange } from '../../controllers/audit';
import type { CollectorDesk } from '../../controllers/collectorDesk';
import { getGroupConfig, previewGroup } from '../../controllers/collectorGroupConfigs';
import { getGroupView, listGroups } from '../../controllers/collectorGroupViews';
import {
  createGroup,
  deleteGroup,
  getGroup,
  groupEtag,
  oneShardMeant,
  shardsMeant,
  updateGroup,
} from '../../controllers/collectorGroups';
import type { GroupState } from '../../controllers/collectorGroups';
import { getRevision, listRevisions } from '../../controllers/collectorRevisions';
import { steerRollout } from '../../controllers/collectorSteering';
import { originOf } from '../../middleware/operator';
import { validate } from '../../utils/validate';

/** Settings as the audit records them: who is a member is one list, or everybody. */
function recorded({ members, ...settings }: Partial<Pick<GroupState, 'members'>>): object {
  return { ...settings, members: typeof members === 'object' ? members.tenants : members };
}

/** The tag is that of the settings alone: an answer that is kept would show its collectors as they were. */
function tagged(res: Response, group: GroupState): Response {
  return res.set('cache-control', 'no-store').set('etag', groupEtag(group));
}

/** `/tenancy/v1/collector-groups` */
export default function collectorGroupsRouter(desk: CollectorDesk): Router {
  const router = Router();
  const { context } = desk;

  router.post('/', async (req, res) => {
    const asked = validate(CreateCollectorGroup, req.body);
    const group = await recordChange(
      originOf(req, res),
      { action: 'collectorGroup.create', asked: recorded(asked) },
      () => createGroup(asked, context),
      (after) => ({ subject: after.id, after: recorded(after) }),
      context,
    );
    tagged(res.status(201), group)
      .location(`${ADMIN_BASE}/collector-groups/${group.id}`)
      .json(await getGroupView(group.id, desk));
  });

  router.get('/', async (req, res) => {
    res.json(await listGroups(validate(ListCollectorGroups, req.query), desk));
  });

  router.get('/:group', async (req, res) => {
    const { group } = validate(GroupParams, req.params);
    // Before the view: who sends the tag back has then seen no settings newer than it.
    tagged(res, await getGroup(group, context)).json(await getGroupView(group, desk));
  });

  router.patch('/:group', async (req, res) => {
    const { group: id } = validate(GroupParams, req.params);
    const { dryRun } = validate(UpdateGroupQuery, req.query);
    const asked = validate(UpdateCollectorGroup, req.body);
    if (dryRun === 'true') {
      res.json(await previewGroup(id, asked, req.get('if-match'), desk));
      return;
    }
    const before = await getGroup(id, context);
    const group = await recordChange(
      originOf(req, res),
      {
        action: 'collectorGroup.update',
        subject: id,
        before: recorded(before),
        asked: recorded(asked),
      },
      () => updateGroup(id, asked, req.get('if-match'), context),
      (after) => ({ after: recorded(after) }),
      context,
    );
    tagged(res, group).json(await getGroupView(id, desk));
  });

  router.delete('/:group', async (req, res) => {
    const { group: id } = validate(GroupParams, req.params);
    const before = await getGroup(id, context);
    await recordChange(
      originOf(req, res),
      { action: 'collectorGroup.delete', subject: id, before: recorded(before) },
      () => deleteGroup(id, context),
      () => ({}),
      context,
    );
    res.status(204).end();
  });

  router.get('/:group/config', async (req, res) => {
    const { group } = validate(GroupParams, req.params);
    res.json(await getGroupConfig(group, { secrets: false }, desk));
  });

  router.post('/:group/config', async (req, res) => {
    const { group } = validate(GroupParams, req.params);
    const shard = await oneShardMeant(group, context);
    const config = await recordChange(
      originOf(req, res),
      { action: 'collectorConfig.read', subject: shard },
      () => getGroupConfig(shard, { secrets: true }, desk),
      ({ id, hash, bytes }) => ({ after: { id, hash, bytes } }),
      context,
    );
    res.set('cache-control', 'no-store').json(config);
  });

  router.get('/:group/revisions', async (req, res) => {
    const { group } = validate(GroupParams, req.params);
    res.json({ data: await listRevisions(await oneShardMeant(group, context)) });
  });

  router.get('/:group/revisions/:number', async (req, res) => {
    const { group, number } = validate(RevisionParams, req.params);
    res.json(await getRevision(await oneShardMeant(group, context), number));
  });

  router.post('/:group/rollout', async (req, res) => {
    const { group } = validate(GroupParams, req.params);
    const asked = validate(RolloutAction, req.body);
    const shards =
      asked.action === 'rollback'
        ? [await oneShardMeant(group, context)]
        : await shardsMeant(group, context);
    const data: RolloutList['data'] = await recordChange(
      originOf(req, res),
      { action: `collectorRollout.${asked.action}`, subject: group, asked: { ...asked, shards } },
      () => steerRollout(shards, asked, context),
      () => ({}),
      context,
    );
    res.json({ data });
  });

  return router;
}
