import { checkGroupOptions, SHARD_TENANTS } from '@hyperdx-tenancy/domain/collector';
import { groupId } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import type { CollectorGroup as GroupKey } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import type { TenantStatus } from '@hyperdx-tenancy/domain/contracts/tenant';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { Types } from 'mongoose';

import CollectorGroup from '../models/collectorGroup';
import type { ICollectorGroup } from '../models/collectorGroup';
import Team from '../models/team';
import Tenant from '../models/tenant';
import { parseFragment } from '../utils/fragment';
import { findScrapeSecret } from '../utils/scrapeSecrets';
import type { Context } from './context';

function refusal(message: string): TenancyError {
  return new TenancyError('invalid_request', message);
}

/** The part of a group's settings that can be wrong. */
export type CheckedGroup = Pick<
  ICollectorGroup,
  'members' | 'shards' | 'options' | 'fragment' | 'quarantine'
> & { kind: GroupKey['kind']; target: string };

/** Tenants whose telemetry is, or will be, on a target. */
const gone: TenantStatus[] = ['deleting', 'deleted'];
const placed = { status: { $nin: gone } };

/** Ids in one message; their number says the rest. */
const NAMED_IDS = 5;

/** @throws TenancyError `invalid_request` where some of them are not on the target. */
async function assertTenants(field: string, ids: readonly string[], target: string): Promise<void> {
  if (ids.length === 0) return;
  const found = await Tenant.find(
    { _id: { $in: ids.map((id) => new Types.ObjectId(id)) }, target, ...placed },
    { _id: 1 },
  ).lean();
  const known = new Set(found.map(({ _id }) => _id.toHexString()));
  const missing = ids.filter((id) => !known.has(id));
  if (missing.length === 0) return;
  const more = missing.length > NAMED_IDS ? ` and ${missing.length - NAMED_IDS} more` : '';
  throw refusal(
    `${field}: target "${target}" has no tenant ${missing.slice(0, NAMED_IDS).join(', ')}${more}.`,
  );
}

/** @throws TenancyError `invalid_request` where the shards cannot hold the members. */
async function assertRoom({ members, shards, target }: CheckedGroup): Promise<void> {
  if (shards === undefined) return;
  const count =
    members === undefined || members === 'all'
      ? await Tenant.countDocuments({ target, ...placed })
      : new Set(members.tenants).size;
  if (count <= shards * SHARD_TENANTS) return;
  throw refusal(
    `shards: ${count} tenants need ${Math.ceil(count / SHARD_TENANTS)}, at ${SHARD_TENANTS} a shard.`,
  );
}

/** Logins in an address would be in the audit, and in every collector's config. */
function assertNoLogin(endpoint: string | undefined): void {
  if (endpoint === undefined) return;
  const { username, password } = new URL(endpoint);
  if (username === '' && password === '') return;
  throw refusal('options.quarantineEndpoint: must not hold a login.');
}

/** Of OTLP, on which a group's collectors listen: `otlpReceiver` of the domain, as HyperDX's own image has them. */
const OTLP_PORTS: ReadonlySet<string> = new Set(['4317', '4318']);
/** As `URL` writes hosts; 0.0.0.0 and :: lead to the machine itself as well. */
const OWN_MACHINE =
  /^(?:(?:.*\.)?localhost\.?|127(?:\.\d+){3}|0\.0\.0\.0|\[::1?\]|\[::ffff:7f.*\])$/;

/** What a collector sends to itself would come back to it for ever. Any other way round is not to be seen from here. */
function assertNoLoop(endpoint: string | undefined): void {
  if (endpoint === undefined) return;
  const { hostname, port } = new URL(endpoint);
  if (!OWN_MACHINE.test(hostname) || !OTLP_PORTS.has(port)) return;
  throw refusal(
    "options.quarantineEndpoint: is the collectors' own; name one of those that serve the quarantine.",
  );
}

/** Settings are shown to every operator, whatever the role. */
function assertNoScrapeSecret(options: CheckedGroup['options']): void {
  const at = findScrapeSecret(options.receivers?.prometheus?.scrapeConfigs ?? []);
  if (at === undefined) return;
  throw refusal(
    `options.receivers.prometheus.scrapeConfigs${at}: must not hold a secret; name a variable of the collector, as \${env:NAME}.`,
  );
}

/**
 * Checks a group's settings as a whole, those that were there before included.
 * @throws TenancyError `invalid_request`, naming the field.
 */
export async function checkGroup(group: CheckedGroup): Promise<void> {
  const kind = group.kind === 'dedicated' ? 'dedicated' : 'shared';
  checkGroupOptions(group.options, kind);
  assertNoLogin(group.options.quarantineEndpoint);
  assertNoLoop(group.options.quarantineEndpoint);
  assertNoScrapeSecret(group.options);
  if (group.fragment !== null) parseFragment(group.fragment, kind);
  if (kind === 'dedicated' && group.quarantine.length > 0) {
    throw refusal('quarantine: a dedicated group has one tenant, and so no quarantine.');
  }
  await assertTenants(
    'quarantine',
    group.quarantine.map((id) => id.toHexString()),
    group.target,
  );
  if (typeof group.members === 'object') {
    await assertTenants('members.tenants', group.members.tenants, group.target);
  }
  await assertRoom(group);
}

/**
 * Checks that there is what a token is to open.
 * @throws TenancyError `invalid_request`, `target_unknown`.
 */
export async function assertTokenGroup(group: GroupKey, context: Context): Promise<void> {
  switch (group.kind) {
    case 'shared':
      context.targets.get(group.target);
      return;
    case 'dedicated':
      if (await Team.exists({ _id: group.team })) return;
      throw refusal('group.team: there is no team with this id.');
    case 'named': {
      const { name, shard, quarantine } = group;
      const known = await CollectorGroup.findById(groupId({ kind: 'named', name }), {
        shards: 1,
      }).lean();
      if (!known) throw refusal('group.name: there is no group of this name.');
      if (quarantine && shard !== undefined) {
        throw refusal('group.shard: the quarantine of a group has no shards.');
      }
      if (quarantine) return;
      if (known.shards === undefined && shard !== undefined) {
        throw refusal('group.shard: this group has no shards.');
      }
      if (known.shards !== undefined && (shard === undefined || shard > known.shards)) {
        throw refusal(`group.shard: choose one of the group's shards, 1 to ${known.shards}.`);
      }
    }
  }
}
