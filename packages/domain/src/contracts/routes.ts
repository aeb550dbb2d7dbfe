import { z } from 'zod';

import { AuditPage, ListAudit } from './audit';
import {
  AgentParams,
  AgentQuery,
  CollectorAgentDetail,
  CollectorAgentList,
  ListCollectorAgents,
} from './collectorAgent';
import {
  CreateCollectorGroup,
  GroupParams,
  ListCollectorGroups,
  RevisionParams,
  UpdateCollectorGroup,
  UpdateGroupQuery,
} from './collectorGroup';
import {
  CollectorGroupList,
  CollectorGroupView,
  GroupConfig,
  RevisionDetail,
  RevisionList,
  RolloutAction,
  RolloutList,
  UpdatedCollectorGroup,
} from './collectorRollout';
import {
  CollectorTokenId,
  CollectorTokenList,
  CreateCollectorToken,
  NewCollectorToken,
  RotateCollectorToken,
} from './collectorToken';
import { DoctorReport } from './doctor';
import { DoorAccess } from './door';
import {
  CreateOperatorToken,
  NewOperatorToken,
  OperatorList,
  OperatorTokenId,
  OperatorTokenList,
  OperatorUser,
  OperatorView,
  SetOperator,
} from './operator';
import type { OperatorRole } from './operator';
import { PlanList } from './plan';
import {
  BeginSupport,
  CreateInvitation,
  NewInvitation,
  SupportList,
  SupportParams,
  SupportView,
} from './support';
import { TargetList } from './target';
import {
  CreateTenant,
  EffectiveSettings,
  ErrorBody,
  IdempotencyKey,
  ListTenants,
  RotateTenant,
  SecretState,
  TenantPage,
  TenantView,
  UpdateTenant,
} from './tenant';

/** Where the admin API lies, on the port of HyperDX's API. */
export const ADMIN_BASE = '/tenancy/v1';

/** One route of the admin API: what it takes, what it answers, and who may call it. */
export interface AdminRoute {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Below {@link ADMIN_BASE}, in Express's form. */
  path: `/${string}`;
  summary: string;
  /** The least role that may call it. */
  role: OperatorRole;
  /** Whether it changes anything: then it writes an audit event. */
  changes: boolean;
  params?: z.ZodObject;
  query?: z.ZodObject;
  /** Of the headers, those that are the route's own. */
  headers?: z.ZodObject;
  body?: z.ZodType;
  /** By status; `null` is an answer without a body. */
  responses: Readonly<Record<number, z.ZodType | null>>;
}

const TenantParams = z.strictObject({
  id: z.string().regex(/^[a-f0-9]{24}$/, '24 lower-case hexadecimal digits'),
});

const CreateTenantHeaders = z.object({
  'Idempotency-Key': IdempotencyKey.optional(),
  /** `respond-async` (RFC 7240): answer at once. */
  Prefer: z.string().optional(),
});

type RefusalStatus = 400 | 404 | 409 | 412 | 413 | 415 | 422 | 428 | 502;

/** The refusals of one route, and those that any route may answer. */
function refusals<Status extends RefusalStatus = never>(
  ...statuses: Status[]
): Record<Status | 401 | 403 | 429 | 500 | 503, typeof ErrorBody> {
  const all = [...statuses, 401, 403, 429, 500, 503] as const;
  return Object.fromEntries(all.map((status) => [status, ErrorBody])) as Record<
    (typeof all)[number],
    typeof ErrorBody
  >;
}

/** What a route that takes a body answers to one that it cannot take. */
const bodyRefusals = [400, 413, 415] as const;

/**
 * Every route of the admin API. The role that one needs is read from here alone: a route without an entry answers 404 to
 * everybody. The API's description (OpenAPI) and its metrics' labels are made from this table too.
 */
export const adminRoutes = {
  tenants: {
    create: {
      method: 'post',
      path: '/tenants',
      summary: 'Make a tenant, or complete an unfinished one of that name.',
      role: 'admin',
      changes: true,
      headers: CreateTenantHeaders,
      body: CreateTenant,
      responses: {
        201: TenantView,
        202: TenantView,
        ...refusals(...bodyRefusals, 409, 422, 502),
      },
    },
    list: {
      method: 'get',
      path: '/tenants',
      summary: 'List tenants.',
      role: 'viewer',
      changes: false,
      query: ListTenants,
      responses: { 200: TenantPage, ...refusals(400) },
    },
    get: {
      method: 'get',
      path: '/tenants/:id',
      summary: 'Show a tenant.',
      role: 'viewer',
      changes: false,
      params: TenantParams,
      responses: { 200: TenantView, ...refusals(400, 404) },
    },
    retry: {
      method: 'post',
      path: '/tenants/:id/retry',
      summary: 'Try again to complete a tenant that failed.',
      role: 'admin',
      changes: true,
      params: TenantParams,
      responses: { 200: TenantView, ...refusals(400, 404, 409, 502) },
    },
    update: {
      method: 'patch',
      path: '/tenants/:id',
      summary: 'Change name, plan and settings of a tenant.',
      role: 'admin',
      changes: true,
      params: TenantParams,
      headers: z.object({ 'If-Match': z.string().optional() }),
      body: UpdateTenant,
      responses: { 200: TenantView, ...refusals(...bodyRefusals, 404, 409, 412) },
    },
    effective: {
      method: 'get',
      path: '/tenants/:id/effective',
      summary: 'Show each setting in force for a tenant, and where it comes from.',
      role: 'viewer',
      changes: false,
      params: TenantParams,
      responses: { 200: EffectiveSettings, ...refusals(400, 404) },
    },
    door: {
      method: 'get',
      path: '/tenants/:id/door',
      summary:
        "Show where and as whom a tenant's programs reach its telemetry, passwords included.",
      // Whoever has the passwords reads all of the tenant's telemetry.
      role: 'admin',
      changes: false,
      params: TenantParams,
      responses: { 200: DoorAccess, ...refusals(400, 404, 409) },
    },
    apply: {
      method: 'post',
      path: '/tenants/:id/apply',
      summary: 'Bring what a tenant has in ClickHouse to what it should be.',
      role: 'admin',
      changes: true,
      params: TenantParams,
      responses: { 200: TenantView, 202: TenantView, ...refusals(400, 404, 409) },
    },
    rotate: {
      method: 'post',
      path: '/tenants/:id/rotate',
      summary: "Give a tenant's ClickHouse users new passwords.",
      role: 'admin',
      changes: true,
      params: TenantParams,
      body: RotateTenant,
      responses: { 200: TenantView, 202: TenantView, ...refusals(...bodyRefusals, 404, 409) },
    },
  },
  invitations: {
    create: {
      method: 'post',
      path: '/tenants/:id/invitations',
      summary: "Invite a person into a tenant's team.",
      role: 'admin',
      changes: true,
      params: TenantParams,
      body: CreateInvitation,
      responses: { 201: NewInvitation, ...refusals(...bodyRefusals, 404, 409) },
    },
  },
  support: {
    begin: {
      method: 'post',
      path: '/tenants/:id/support',
      summary: "Enter a tenant's team for a while, with a reason that the tenant can read.",
      role: 'admin',
      changes: true,
      params: TenantParams,
      body: BeginSupport,
      responses: { 201: SupportView, ...refusals(...bodyRefusals, 404, 409) },
    },
    list: {
      method: 'get',
      path: '/tenants/:id/support',
      summary: 'List who was in a tenant for support, and why.',
      role: 'viewer',
      changes: false,
      params: TenantParams,
      responses: { 200: SupportList, ...refusals(400, 404) },
    },
    end: {
      method: 'delete',
      path: '/tenants/:id/support/:entry',
      summary: "End an operator's time in a tenant.",
      role: 'admin',
      changes: true,
      params: SupportParams,
      responses: { 204: null, ...refusals(400, 404) },
    },
  },
  targets: {
    list: {
      method: 'get',
      path: '/targets',
      summary: 'List the ClickHouse targets, and how much of each is taken.',
      role: 'viewer',
      changes: false,
      responses: { 200: TargetList, ...refusals() },
    },
  },
  plans: {
    list: {
      method: 'get',
      path: '/plans',
      summary: 'List the plans.',
      role: 'viewer',
      changes: false,
      responses: { 200: PlanList, ...refusals() },
    },
  },
  secret: {
    show: {
      method: 'get',
      path: '/secret',
      summary: 'Count the tenants whose passwords come from another secret than the present one.',
      role: 'viewer',
      changes: false,
      responses: { 200: SecretState, ...refusals() },
    },
    rotate: {
      method: 'post',
      path: '/secret/rotate',
      summary: 'Give new passwords to all tenants whose present ones come from another secret.',
      role: 'admin',
      changes: true,
      responses: { 202: SecretState, ...refusals() },
    },
  },
  collectorTokens: {
    create: {
      method: 'post',
      path: '/collector-tokens',
      summary: "Make a token that opens one collector group's config.",
      role: 'admin',
      changes: true,
      body: CreateCollectorToken,
      responses: { 201: NewCollectorToken, ...refusals(...bodyRefusals, 409) },
    },
    list: {
      method: 'get',
      path: '/collector-tokens',
      summary: 'List collector tokens, without the tokens themselves.',
      role: 'viewer',
      changes: false,
      responses: { 200: CollectorTokenList, ...refusals() },
    },
    rotate: {
      method: 'post',
      path: '/collector-tokens/:id/rotate',
      summary: 'Make a token that takes the place of another, which stays good for a while.',
      role: 'admin',
      changes: true,
      params: CollectorTokenId,
      body: RotateCollectorToken,
      responses: { 201: NewCollectorToken, ...refusals(...bodyRefusals, 404, 409) },
    },
    delete: {
      method: 'delete',
      path: '/collector-tokens/:id',
      summary: 'Revoke a collector token.',
      role: 'admin',
      changes: true,
      params: CollectorTokenId,
      responses: { 204: null, ...refusals(400, 404) },
    },
  },
  collectorGroups: {
    create: {
      method: 'post',
      path: '/collector-groups',
      summary: 'Make a group of collectors.',
      role: 'admin',
      changes: true,
      body: CreateCollectorGroup,
      responses: { 201: CollectorGroupView, ...refusals(...bodyRefusals, 409) },
    },
    list: {
      method: 'get',
      path: '/collector-groups',
      summary: 'List the groups of collectors that tokens open or that settings were made for.',
      role: 'viewer',
      changes: false,
      query: ListCollectorGroups,
      responses: { 200: CollectorGroupList, ...refusals(400) },
    },
    get: {
      method: 'get',
      path: '/collector-groups/:group',
      summary: 'Show a group: whom each of its configs serves, and how far it has come.',
      role: 'viewer',
      changes: false,
      params: GroupParams,
      responses: { 200: CollectorGroupView, ...refusals(400, 404) },
    },
    update: {
      method: 'patch',
      path: '/collector-groups/:group',
      summary: 'Change the settings of a group; what is left out stays.',
      role: 'admin',
      changes: true,
      params: GroupParams,
      query: UpdateGroupQuery,
      headers: z.object({ 'If-Match': z.string().optional() }),
      body: UpdateCollectorGroup,
      responses: { 200: UpdatedCollectorGroup, ...refusals(...bodyRefusals, 404, 409, 412) },
    },
    delete: {
      method: 'delete',
      path: '/collector-groups/:group',
      summary: 'Take a group away that operators made.',
      role: 'admin',
      changes: true,
      params: GroupParams,
      responses: { 204: null, ...refusals(400, 404, 409) },
    },
    config: {
      method: 'get',
      path: '/collector-groups/:group/config',
      summary: 'Show the config of a group or shard, without its secrets.',
      role: 'viewer',
      changes: false,
      params: GroupParams,
      responses: { 200: GroupConfig, ...refusals(400, 404) },
    },
    exportConfig: {
      method: 'post',
      path: '/collector-groups/:group/config',
      summary:
        'Show the config of a group or shard with its secrets, for collectors without OpAMP.',
      // Passwords and ingestion keys of all of its tenants. It changes nothing, and is recorded as what does.
      role: 'admin',
      changes: true,
      params: GroupParams,
      responses: { 200: GroupConfig, ...refusals(400, 404) },
    },
    revisions: {
      method: 'get',
      path: '/collector-groups/:group/revisions',
      summary: 'List the last configs that a group or shard was offered.',
      role: 'viewer',
      changes: false,
      params: GroupParams,
      responses: { 200: RevisionList, ...refusals(400, 404) },
    },
    revision: {
      method: 'get',
      path: '/collector-groups/:group/revisions/:number',
      summary: 'Show one of them, without its secrets, and how it differs from the one before.',
      role: 'viewer',
      changes: false,
      params: RevisionParams,
      responses: { 200: RevisionDetail, ...refusals(400, 404) },
    },
    rollout: {
      method: 'post',
      path: '/collector-groups/:group/rollout',
      summary:
        'Pause or resume the changes of a group or shard, go back to a revision, or release it.',
      role: 'admin',
      changes: true,
      params: GroupParams,
      body: RolloutAction,
      responses: { 200: RolloutList, ...refusals(...bodyRefusals, 404, 409) },
    },
  },
  collectorAgents: {
    list: {
      method: 'get',
      path: '/collector-agents',
      summary: 'List collectors: those that are connected, and those remembered.',
      role: 'viewer',
      changes: false,
      query: ListCollectorAgents,
      responses: { 200: CollectorAgentList, ...refusals(400) },
    },
    get: {
      method: 'get',
      path: '/collector-agents/:uid',
      summary: 'Show a collector with the config that it runs, without secrets.',
      role: 'viewer',
      changes: false,
      params: AgentParams,
      query: AgentQuery,
      responses: { 200: CollectorAgentDetail, ...refusals(400, 404) },
    },
    forget: {
      method: 'delete',
      path: '/collector-agents/:uid',
      summary: 'Forget a collector that is gone.',
      role: 'admin',
      changes: true,
      params: AgentParams,
      query: AgentQuery,
      responses: { 204: null, ...refusals(400, 404, 409) },
    },
  },
  operatorTokens: {
    create: {
      method: 'post',
      path: '/operator-tokens',
      summary: 'Make a token for an operator or a pipeline.',
      role: 'admin',
      changes: true,
      body: CreateOperatorToken,
      responses: { 201: NewOperatorToken, ...refusals(...bodyRefusals, 409) },
    },
    list: {
      method: 'get',
      path: '/operator-tokens',
      summary: "List operators' tokens, without the tokens themselves.",
      role: 'viewer',
      changes: false,
      responses: { 200: OperatorTokenList, ...refusals() },
    },
    delete: {
      method: 'delete',
      path: '/operator-tokens/:id',
      summary: "Revoke an operator's token.",
      role: 'admin',
      changes: true,
      params: OperatorTokenId,
      responses: { 204: null, ...refusals(400, 404, 409) },
    },
  },
  operators: {
    list: {
      method: 'get',
      path: '/operators',
      summary: 'List the HyperDX users who are operators.',
      role: 'viewer',
      changes: false,
      responses: { 200: OperatorList, ...refusals() },
    },
    set: {
      method: 'put',
      path: '/operators/:user',
      summary: 'Make a HyperDX user an operator, or change the role of one.',
      role: 'admin',
      changes: true,
      params: OperatorUser,
      body: SetOperator,
      responses: { 200: OperatorView, 201: OperatorView, ...refusals(...bodyRefusals, 404, 409) },
    },
    delete: {
      method: 'delete',
      path: '/operators/:user',
      summary: 'Make an operator a mere HyperDX user again.',
      role: 'admin',
      changes: true,
      params: OperatorUser,
      responses: { 204: null, ...refusals(400, 404, 409) },
    },
  },
  audit: {
    list: {
      method: 'get',
      path: '/audit',
      summary: 'List what was changed, by whom, newest first.',
      role: 'viewer',
      changes: false,
      query: ListAudit,
      responses: { 200: AuditPage, ...refusals(400) },
    },
  },
  doctor: {
    examine: {
      method: 'get',
      path: '/doctor',
      summary: 'Examine what isolation rests on: targets, users and grants, tables, documents.',
      role: 'viewer',
      changes: false,
      responses: { 200: DoctorReport, ...refusals() },
    },
  },
  openapi: {
    get: {
      method: 'get',
      path: '/openapi.json',
      summary: 'Describe this API, as an OpenAPI 3.1 document.',
      role: 'viewer',
      changes: false,
      responses: { 200: z.looseObject({ openapi: z.string() }), ...refusals() },
    },
  },
} as const satisfies Record<string, Record<string, AdminRoute>>;

/** An entry of {@link adminRoutes} with its place in the table, such as `tenants.create`. */
export type NamedAdminRoute = AdminRoute & { group: string; name: string };

/** All entries, in the table's order. */
export function listAdminRoutes(): NamedAdminRoute[] {
  const groups: Record<string, Record<string, AdminRoute>> = adminRoutes;
  return Object.entries(groups).flatMap(([group, routes]) =>
    Object.entries(routes).map(([name, route]) => ({ ...route, group, name: `${group}.${name}` })),
  );
}
