import { STATUS_CODES } from 'node:http';

import { transports } from '@hyperdx-tenancy/domain/contracts/collectorAgent';
import { provisioningSteps, tenantStatuses } from '@hyperdx-tenancy/domain/contracts/tenant';
import { errorCodes } from '@hyperdx-tenancy/domain/errors';
import type { ErrorCode } from '@hyperdx-tenancy/domain/errors';

import { routePatterns } from '../utils/routePatterns';

/** What takes the place of a value that a label does not have. */
export const OTHER = 'other';

/** One metric. Its labels state all values they can take, so that nobody outside can add a series. */
export interface MetricKind {
  type: 'counter' | 'gauge' | 'histogram';
  help: string;
  labels: Readonly<Record<string, readonly string[]>>;
  /** Upper bounds of a histogram, in the unit of its name. */
  buckets?: readonly number[];
}

const codes = Object.keys(errorCodes) as ErrorCode[];
const groups = ['shared', 'dedicated', 'named'] as const;

/** Ways to ClickHouse for tenants: the query door's own port, HyperDX's `/clickhouse-proxy`. */
const entrances = ['door', 'ui'] as const;
const queryResults = [
  'ok',
  'refused',
  'clickhouse_error',
  'cut',
  'left',
  'unauthorized',
  'limited',
  'invalid',
  'unavailable',
  'failed',
] as const;

/** Why agents are turned away, and connections closed. */
const opampRefusals = [
  'unauthorized',
  'revoked',
  'too_many_agents',
  'overloaded',
  'stopping',
  'malformed',
  'too_large',
  'too_many_messages',
  'slow_reader',
  'silent',
  'tls',
  OTHER,
] as const;

/** Which server of this process answered. */
const servers = ['api', 'opamp'] as const;
/** As requests have them: any text, of which these are told apart. */
const methods: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const http = {
  server: servers,
  method: methods,
  route: routePatterns,
} as const;

/** Statements and requests: from a look-up in memory to the time limit of one remote call. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Work that consists of many statements. */
const WORK_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
/** A dedicated config has a few KB, one of a full shard of 250 tenants about 1 MB. */
const CONFIG_BYTES = [1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304];

/**
 * Every metric of this service, named without its prefix `hyperdx_tenancy_`, as Prometheus wants names: base
 * units, and `_total` on what only grows. docs/metrics.md is compared with this table by a test.
 */
export const metricKinds = {
  mongo_up: {
    type: 'gauge',
    help: '1 where MongoDB answered the last time it was asked, else 0.',
    labels: {},
  },
  tenants: {
    type: 'gauge',
    help: 'Tenants by status, in all of the installation; absent while MongoDB is away.',
    labels: { status: tenantStatuses },
  },
  provisioning_duration_seconds: {
    type: 'histogram',
    help: 'One attempt to make a tenant, with what came of it: active, or the status it stopped in.',
    labels: { result: ['active', 'provisioning', 'failed'] },
    buckets: WORK_SECONDS,
  },
  provisioning_step_duration_seconds: {
    type: 'histogram',
    help: 'Steps of making a tenant, those that failed included.',
    labels: { step: provisioningSteps },
    buckets: WORK_SECONDS,
  },
  provisioning_failures_total: {
    type: 'counter',
    help: 'Steps of making a tenant that failed, by error code.',
    labels: { step: provisioningSteps, code: codes },
  },
  clickhouse_statement_duration_seconds: {
    type: 'histogram',
    help: 'Statements of ours on ClickHouse, their retries included.',
    labels: {
      kind: ['table', 'view', 'access', 'select', OTHER],
      result: ['ok', 'rejected', 'unavailable', OTHER],
    },
    buckets: SECONDS,
  },
  http_requests_total: {
    type: 'counter',
    help: 'Requests answered. The route is its pattern; the status is 499 where the client left before.',
    labels: { ...http, status: [...Object.keys(STATUS_CODES), '499'] },
  },
  http_request_duration_seconds: {
    type: 'histogram',
    help: 'Time from the head of a request to the end of its answer.',
    labels: http,
    buckets: SECONDS,
  },
  http_requests_in_flight: {
    type: 'gauge',
    help: 'Requests being answered.',
    labels: { server: servers },
  },
  auth_failures_total: {
    type: 'counter',
    help: 'Callers refused: no token, one that opens nothing or no longer, no operator, too many failures.',
    labels: {
      server: servers,
      reason: ['missing', 'unknown', 'expired', 'forbidden', 'limited'],
    },
  },
  audit_events_total: {
    type: 'counter',
    help: 'Audit events: written; lost their outcome, since MongoDB did not take it in time.',
    labels: { result: ['written', 'lost'] },
  },
  gateway_refusals_total: {
    type: 'counter',
    help: 'Requests that were not let through to HyperDX: ambiguous paths, unknown routes, tools that write sources.',
    labels: { reason: ['ambiguous_path', 'unknown_route', 'mcp_tool'] },
  },
  gateway_forward_failures_total: {
    type: 'counter',
    help: "Requests that HyperDX's own API did not answer, or not to the end.",
    labels: { code: ['hyperdx_unavailable', 'hyperdx_timeout'] },
  },
  opamp_messages_total: {
    type: 'counter',
    help: "Agents' messages: answered, with a config or without, goodbyes, and refusals by error code.",
    labels: { group: [...groups, 'none'], result: ['answered', 'offered', 'goodbye', ...codes] },
  },
  opamp_config_reports_total: {
    type: 'counter',
    help: 'What agents reported to have become of a config, once a change.',
    labels: { group: groups, status: ['unset', 'applied', 'applying', 'failed'] },
  },
  opamp_agents_connected: {
    type: 'gauge',
    help: 'Agents that this process heard of within the last 90 seconds, and whose token is good.',
    labels: { group: groups },
  },
  opamp_connections: {
    type: 'gauge',
    help: 'Connections that are open to the OpAMP server: WebSockets, and those of HTTP.',
    labels: { transport: transports },
  },
  opamp_refused_total: {
    type: 'counter',
    help: 'Agents that were turned away, and connections that were closed, by the limit they met.',
    labels: { reason: opampRefusals },
  },
  opamp_pushes_total: {
    type: 'counter',
    help: 'Configs that were sent to agents without being asked, over WebSockets.',
    labels: {},
  },
  opamp_push_duration_seconds: {
    type: 'histogram',
    help: 'Time from the change of a config until it was written to the WebSocket of an agent.',
    labels: {},
    buckets: SECONDS,
  },
  opamp_configs_failed_total: {
    type: 'counter',
    help: 'Configs that agents could not run: kept from all of their group from then on, or from that one agent.',
    labels: { group: groups, scope: ['group', 'agent'] },
  },
  opamp_configs_built_total: {
    type: 'counter',
    help: 'Configs built for groups of collectors: once a change and group, not once a poll.',
    labels: { group: groups },
  },
  opamp_config_size_bytes: {
    type: 'histogram',
    help: 'Sizes of the configs that were built.',
    labels: { group: groups },
    buckets: CONFIG_BYTES,
  },
  opamp_effective_configs_total: {
    type: 'counter',
    help: 'Effective configs that agents sent: kept, the same as before, dropped for want of room, failed.',
    labels: { result: ['kept', 'unchanged', 'dropped', 'failed'] },
  },
  door_requests_total: {
    type: 'counter',
    help: 'Queries of tenants, by what came of them; `left`: their reader did not wait for the answer.',
    labels: { entrance: entrances, result: queryResults },
  },
  door_request_duration_seconds: {
    type: 'histogram',
    help: 'Time from the head of a query to the end of its answer.',
    labels: { entrance: entrances },
    buckets: SECONDS,
  },
  guard_verdicts_total: {
    type: 'counter',
    help: 'Verdicts on statements; `now` where ClickHouse was asked to parse, `before` where none of that was needed.',
    labels: { verdict: ['allowed', 'refused'], parsed: ['now', 'before'] },
  },
  task_rounds_total: {
    type: 'counter',
    help: 'Rounds of what this process does again and again.',
    labels: { task: ['reconcile'], result: ['ok', 'failed'] },
  },
  task_round_duration_seconds: {
    type: 'histogram',
    help: 'Durations of those rounds.',
    labels: { task: ['reconcile'] },
    buckets: WORK_SECONDS,
  },
  reconciled_tenants_total: {
    type: 'counter',
    help: 'Unfinished tenants that this process took up.',
    labels: {},
  },
} as const satisfies Record<string, MetricKind>;

type Kinds = typeof metricKinds;
export type MetricName = keyof Kinds;
/** The metrics of one type. */
export type NameOf<Type extends MetricKind['type']> = {
  [Name in MetricName]: Kinds[Name]['type'] extends Type ? Name : never;
}[MetricName];

/** A value for each of a metric's labels. */
export type Labels<Name extends MetricName> = {
  readonly [
    Label in keyof Kinds[Name]['labels']
  ]: Kinds[Name]['labels'][Label] extends readonly (infer Value)[] ? Value : never;
};
