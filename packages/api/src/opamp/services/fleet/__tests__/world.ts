import { openMongo } from '@hyperdx-tenancy/devkit/mongo';
import type { Mongo } from '@hyperdx-tenancy/devkit/mongo';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import mongoose, { Types } from 'mongoose';

import type { Config } from '../../../../config';
import { createContext } from '../../../../controllers/context';
import type { Context } from '../../../../controllers/context';
import { testConfig } from '../../../../fixtures';
import CollectorAgent from '../../../../models/collectorAgent';
import type { ICollectorAgent } from '../../../../models/collectorAgent';
import CollectorGroup from '../../../../models/collectorGroup';
import type { ICollectorGroup } from '../../../../models/collectorGroup';
import { buildIndexes } from '../../../../models/indexes';
import { models } from '../../../../models';
import Revision from '../../../../models/revision';
import Team from '../../../../models/team';
import Tenant from '../../../../models/tenant';
import { createLogger } from '../../../../utils/logger';
import type { Offer } from '../../../fleet';
import { opamp } from '../../../proto/gen/opamp';
import { createFleet } from '../fleet';
import type { CollectorFleet, FleetOptions } from '../fleet';

export const SHARED = 'shared:default';

const log = createLogger('silent');

/** Nobody writes to it: configs alone name it. */
const clickhouse = { url: 'http://127.0.0.1:1', user: 'u', password: 'admins', database: 'db' };

/** MongoDB, and any number of fleets on it, as processes have them. */
export class World {
  mongo!: Mongo;
  config!: Config;
  context!: Context;
  private readonly fleets: CollectorFleet[] = [];

  async open(): Promise<void> {
    this.mongo = await openMongo();
    this.config = testConfig(
      { clickhouse, mongo: this.mongo },
      { TENANCY_ACCESS_MODE: 'grants', TENANCY_OPAMP_ACCEPT_INGESTION_KEY: 'true' },
    );
    this.context = createContext(this.config, log);
    await mongoose.connect(this.config.mongoUri, { autoIndex: false, autoCreate: false });
    await buildIndexes(log);
  }

  async close(): Promise<void> {
    await this.stopFleets();
    await mongoose.disconnect();
    await this.context.targets.close();
    await this.mongo.stop();
  }

  /** As after an installation. */
  async clear(): Promise<void> {
    await this.stopFleets();
    for (const model of models) await (model as typeof Revision).deleteMany({});
  }

  private async stopFleets(): Promise<void> {
    await Promise.all(this.fleets.splice(0).map((fleet) => fleet.stop()));
  }

  /** A process, as far as configs go: it has read everything once. */
  async fleet(options: Partial<FleetOptions> = {}): Promise<CollectorFleet> {
    const fleet = createFleet({ config: this.config, context: this.context, ...options });
    this.fleets.push(fleet);
    await fleet.refresh();
    return fleet;
  }

  /** A process that has the config of a shard at hand. */
  async fleetWith(shard: string, options: Partial<FleetOptions> = {}): Promise<CollectorFleet> {
    const fleet = await this.fleet(options);
    await fleet.ensure(shard);
    return fleet;
  }

  async tenant(name: string): Promise<TenantId> {
    const [tenant, team] = [new Types.ObjectId(), new Types.ObjectId()];
    await Tenant.collection.insertOne({
      _id: tenant,
      name,
      nameKey: name,
      status: 'active',
      target: 'default',
      credentials: this.context.keyring.first(),
      applied: { base: '', retentionHours: null, access: 'grants' },
    });
    await Team.collection.insertOne({
      _id: team,
      name,
      tenant,
      apiKey: `key-of-${name}`,
      collectorAuthenticationEnforced: true,
    });
    return parseTenantId(tenant.toHexString());
  }

  async teamOf(tenant: TenantId): Promise<string> {
    return (await Team.findOne({ tenant }).lean())!._id.toHexString();
  }

  async suspend(tenant: TenantId, status: 'suspended' | 'active' = 'suspended'): Promise<void> {
    await Tenant.updateOne({ _id: tenant }, { status });
  }

  async group(id: string, fields: Partial<ICollectorGroup>): Promise<void> {
    await CollectorGroup.updateOne(
      { _id: id },
      { $set: fields, $inc: { version: 1 } },
      { upsert: true },
    );
  }

  /** What another process would do. */
  async announceFromElsewhere(): Promise<void> {
    await Revision.updateOne({ _id: 'collectors' }, { $inc: { revision: 1 } }, { upsert: true });
  }

  /** An agent, as it is remembered. */
  async agent(
    shard: string,
    instanceUid: string,
    fields: Partial<ICollectorAgent> = {},
  ): Promise<void> {
    const now = new Date();
    const later = new Date(now.getTime() + 600_000);
    await CollectorAgent.updateOne(
      { _id: `${shard}/${instanceUid}` },
      {
        $set: {
          shard,
          instanceUid,
          token: 't',
          process: 'p',
          transport: 'http',
          status: 'unset',
          state: 'behind',
          revision: 0,
          healthy: null,
          heardAt: now,
          aliveUntil: later,
          forgetAt: later,
          goneAt: null,
          ...fields,
        },
        $setOnInsert: { firstHeardAt: now },
      },
      { upsert: true },
    );
  }
}

/** The text of a config, as an agent finds it in the message. */
export function textOf(offer: Offer | undefined): string {
  if (!offer) return 'nothing';
  const { remoteConfig } = opamp.proto.ServerToAgent.decode(offer.wire);
  return Buffer.from(remoteConfig?.config?.configMap?.[0]?.value?.body ?? []).toString();
}

/** A fragment that is taken, and tells configs apart. */
export const fragment = (name: string): string => `
exporters: {debug/${name}: {}}
receivers: {hostmetrics/own: {scrapers: {cpu: {}}}}
service: {pipelines: {metrics/own: {receivers: [hostmetrics/own], exporters: [debug/${name}]}}}
`;

export async function soon(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500 && !(await condition()); i += 1)
    await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await condition()).toBe(true);
}
