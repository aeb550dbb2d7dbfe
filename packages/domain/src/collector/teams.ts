import type { ErrorCode } from '../errors';
import type { TenantId } from '../ids';
import { compareText } from './canonical';
import { groupBy } from './groupBy';
import { isIngestionKey } from './keys';

/** How a collector reaches the ClickHouse of a tenant, as that tenant's writer. */
export interface CollectorTarget {
  /** `tcp://`, `clickhouse://`, `http://` or `https://`, one host or several with commas, driver options as query. */
  endpoint: string;
  username: string;
  password: string;
  database: string;
  /** Files in the collector, for an endpoint with TLS. */
  tls?: { caFile?: string; certFile?: string; keyFile?: string };
  /** Of one INSERT, as a Go duration; the exporter's default, `5s`, where absent. */
  timeout?: string;
}

/**
 * Literal values, or those of the collector's own environment: `CLICKHOUSE_ENDPOINT`, `CLICKHOUSE_USER`,
 * `CLICKHOUSE_PASSWORD`, as HyperDX names them, for a config that anyone with the key may read.
 */
export type CollectorCredentials =
  | ({ kind: 'literal' } & CollectorTarget)
  | ({ kind: 'env' } & Pick<CollectorTarget, 'database' | 'timeout'>);

/** A team as a collector needs to know it. */
export interface CollectorTeam {
  teamId: string;
  tenantId: TenantId;
  /** The ingestion key that its senders carry in `authorization`. */
  apiKey: string;
  /** Keys before it that are still accepted, until every collector has the present one. */
  previousKeys?: readonly string[];
  /** HyperDX's `collectorAuthenticationEnforced`; a shared collector always authenticates. */
  authenticate: boolean;
  /** Its key is gone: senders get 401. */
  suspended?: boolean;
  credentials: CollectorCredentials;
}

/** A team that a config does not serve although it should, and why; the reason names no key. */
export interface LeftOut {
  teamId: string;
  tenantId: TenantId;
  code: ErrorCode;
  reason: string;
}

/** A tenant that a config serves: the keys of its teams, and where its telemetry goes. */
export interface TenantRoute {
  readonly tenantId: TenantId;
  readonly keys: readonly string[];
  /** The present key of one of its teams, the same one each time. */
  readonly presentKey: string;
  readonly credentials: CollectorCredentials;
}

// The exporter parses it as a URL at start, and one that it cannot parse stops the whole collector.
const ENDPOINT = /^(?:tcp|clickhouse|https?):\/\/[!-~]+$/;

/**
 * Sorts out who is served. What is wrong with one team leaves that team out, never the others; the result
 * does not depend on the order of `teams`. A tenant's teams share its exporters (and the credentials of
 * the first, which are the tenant's).
 */
export function admitTeams(teams: readonly CollectorTeam[]): {
  tenants: TenantRoute[];
  leftOut: LeftOut[];
} {
  const holders = holdersOf(teams);
  const inOrder = teams
    .filter((team) => team.suspended !== true)
    .sort((a, b) => compareText(a.tenantId, b.tenantId) || compareText(a.teamId, b.teamId));

  const leftOut: LeftOut[] = [];
  const tenants = new Map<TenantId, TenantRoute>();
  for (const team of inOrder) {
    const refusal = refuse(team, holders.get(team.apiKey) ?? []);
    if (refusal) {
      leftOut.push({ teamId: team.teamId, tenantId: team.tenantId, ...refusal });
      continue;
    }
    const known = tenants.get(team.tenantId);
    tenants.set(team.tenantId, {
      tenantId: team.tenantId,
      keys: [...new Set([...(known?.keys ?? []), team.apiKey, ...stillGood(team, holders)])].sort(
        compareText,
      ),
      presentKey: known?.presentKey ?? team.apiKey,
      credentials: known?.credentials ?? team.credentials,
    });
  }
  return { tenants: [...tenants.values()], leftOut };
}

/** Whose each key is, those before the present ones included. */
function holdersOf(teams: readonly CollectorTeam[]): ReadonlyMap<string, CollectorTeam[]> {
  const held = teams.flatMap((team) =>
    [team.apiKey, ...(team.previousKeys ?? [])].map((key) => ({ key, team })),
  );
  const groups = [...groupBy(held, ({ key }) => key)];
  return new Map(groups.map(([key, holders]) => [key, holders.map(({ team }) => team)]));
}

/** Whether nothing tells whose data comes with a key that these teams have. */
function isContested(team: CollectorTeam, holders: readonly CollectorTeam[]): boolean {
  // A suspended team's key counts: were another served under it, the suspended one's data would land there.
  return holders.some((holder) => holder.tenantId !== team.tenantId || holder.suspended === true);
}

/** A former key that cannot be served is no reason to leave its team out. */
function stillGood(
  team: CollectorTeam,
  holders: ReadonlyMap<string, readonly CollectorTeam[]>,
): string[] {
  return (team.previousKeys ?? []).filter(
    (key) => isIngestionKey(key) && !isContested(team, holders.get(key) ?? []),
  );
}

function refuse(
  team: CollectorTeam,
  holders: readonly CollectorTeam[],
): Pick<LeftOut, 'code' | 'reason'> | null {
  if (!isIngestionKey(team.apiKey)) {
    return {
      code: 'invalid_ingestion_key',
      reason: 'Its ingestion key is not 8 to 128 of the characters A-Z a-z 0-9 . _ ~ + / $ -',
    };
  }
  if (isContested(team, holders)) {
    return {
      code: 'ingestion_key_taken',
      reason: 'Another team has the same ingestion key, and nothing tells whose the data is.',
    };
  }
  if (team.credentials.kind === 'literal' && !ENDPOINT.test(team.credentials.endpoint)) {
    return {
      code: 'invalid_request',
      reason: 'Its ClickHouse endpoint is not a tcp, clickhouse, http or https URL.',
    };
  }
  return null;
}
