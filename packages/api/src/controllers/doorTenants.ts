import { createHash } from 'node:crypto';

import type { TenantStatus } from '@hyperdx-tenancy/domain/contracts/tenant';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { parseTenantId } from '@hyperdx-tenancy/domain/ids';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import { effectiveSettings } from '@hyperdx-tenancy/domain/plans';
import type { Settings } from '@hyperdx-tenancy/domain/plans';
import { LRUCache } from 'lru-cache';

import type { Target } from '../clickhouse/target';
import type { Login } from '../clickhouse/tenantTables';
import Team from '../models/team';
import Tenant from '../models/tenant';
import type { ITenant } from '../models/tenant';
import type { Credentials } from '../utils/keyring';
import { sameDigest } from '../utils/secrets';
import type { Context } from './context';
import { loginOf } from './credentials';
import { settingsOf } from './settings';

/** Teams kept: more than one process serves within {@link KEPT_MS}. */
const MAX_TEAMS = 10_000;

/** How long a change of a tenant (suspension, new limits, new passwords) takes to reach every process, at the most. */
const KEPT_MS = 2_000;

/** Look-ups at once; past it callers are asked to come back, so that MongoDB's connections are left to others. */
const MAX_LOOKUPS = 100;

/** What the query door has to know of the team that asks. */
export interface DoorTenant {
  id: TenantId;
  teamId: string;
  status: TenantStatus;
  target: Target;
  /** As whom its queries run. @throws TenancyError `secret_unknown`. */
  readonly login: Login;
  /** The settings in force. */
  settings: Settings;
  /** Changes when its tables may have changed. */
  revision: string;
  /** Whether this is its password; takes as long for every answer. */
  opensWith(password: string): boolean;
}

type Found = { tenant: DoorTenant } | { tenant: undefined };

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * All credentials from which a valid password may be derived. While passwords are replaced, those before and after are
 * valid alike: the connection document changes in between. A forced change waits for nobody.
 */
function validCredentials({ credentials, change }: ITenant, { keyring }: Context): Credentials[] {
  if (change?.kind !== 'rotation') return [credentials];
  const next = change.to ? [change.to] : [];
  const before = credentials.generation - 1;
  if (change.forced === true || before < 1) return [credentials, ...next];
  // Which secret they were derived from is not written down any more.
  const previous = keyring.known.map((secret) => ({ generation: before, secret }));
  return [credentials, ...next, ...previous];
}

/** A plan that is gone cannot tell its limits: what is left of the settings holds. */
function settingsInForce(tenant: ITenant, context: Context): Settings {
  try {
    return settingsOf(tenant, context);
  } catch (error) {
    if (!(error instanceof TenancyError) || error.code !== 'plan_unknown') throw error;
    return effectiveSettings({ platform: context.platform, tenant: tenant.settings });
  }
}

function toDoorTenant(teamId: string, tenant: ITenant, context: Context): DoorTenant {
  const id = parseTenantId(tenant._id.toHexString());
  const target = context.targets.get(tenant.target);
  const passwords = validCredentials(tenant, context).flatMap((credentials) => {
    const password = context.keyring.doorPassword(teamId, credentials);
    return password === undefined ? [] : [digest(password)];
  });
  let login: Login | undefined;
  return {
    id,
    teamId,
    status: tenant.status,
    target,
    get login() {
      return (login ??= loginOf('reader', target, id, tenant.credentials, context));
    },
    settings: settingsInForce(tenant, context),
    revision: `${tenant.schemaVersion}.${tenant.revision}.${tenant.applied?.base ?? ''}`,
    opensWith(password) {
      const given = digest(password);
      // Each is compared, whatever the ones before it were.
      return passwords.map((valid) => sameDigest(valid, given)).includes(true);
    },
  };
}

/**
 * Whose team is whose, looked up in MongoDB and kept for two seconds: every query of a tenant asks for it. Callers at
 * once share one look-up.
 */
export class DoorTenants {
  private readonly found: LRUCache<string, Found>;
  private lookups = 0;

  constructor(private readonly context: Context) {
    this.found = new LRUCache<string, Found>({
      max: MAX_TEAMS,
      ttl: KEPT_MS,
      fetchMethod: (teamId) => this.lookUp(teamId),
    });
  }

  /**
   * @param teamId 24 hexadecimal digits.
   * @returns `undefined` where there is no such team, or it has no tenant.
   * @throws TenancyError `overloaded`, `target_unknown`; the driver's error where MongoDB cannot be asked.
   */
  async find(teamId: string): Promise<DoorTenant | undefined> {
    return (await this.found.fetch(teamId))?.tenant;
  }

  private async lookUp(teamId: string): Promise<Found> {
    if (this.lookups >= MAX_LOOKUPS) {
      throw new TenancyError('overloaded', 'Too many teams are looked up at once.', {
        retryAfterSeconds: 1,
      });
    }
    this.lookups += 1;
    try {
      const team = await Team.findById(teamId, { tenant: 1 }).lean();
      const tenant = team && (await Tenant.findById(team.tenant).lean());
      return { tenant: tenant ? toDoorTenant(teamId, tenant, this.context) : undefined };
    } finally {
      this.lookups -= 1;
    }
  }
}
