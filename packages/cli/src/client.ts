import { adminRoutes } from '@hyperdx-tenancy/domain/contracts/routes';
import type { CreateOperatorToken, SetOperator } from '@hyperdx-tenancy/domain/contracts/operator';
import type { BeginSupport, CreateInvitation } from '@hyperdx-tenancy/domain/contracts/support';
import type { CreateTenant, UpdateTenant } from '@hyperdx-tenancy/domain/contracts/tenant';
import { z } from 'zod';

import {
  AuditEvents,
  Doctor,
  Door,
  Effective,
  Invitation,
  listOf,
  NewOperatorToken,
  Operator,
  OperatorToken,
  Plan,
  Secret,
  Support,
  Target,
  Tenant,
  Tenants,
} from './answers';
import { collectorCalls } from './collectorClient';
import { createCaller } from './http';
import type { Call, Tagged } from './http';

/** Reading answers within milliseconds; making and changing a tenant waits for ClickHouse. */
const READ_TIMEOUT_MS = 30_000;
export const WORK_TIMEOUT_MS = 180_000;

type Query = NonNullable<Call<z.ZodType>['query']>;

export interface CreateOptions {
  /** A request that is repeated with the same key makes no second tenant. */
  idempotencyKey?: string | undefined;
  /** False: the answer comes at once, and the work goes on. */
  wait?: boolean;
}

const nothing = z.null();

/**
 * The admin API, a function a route.
 * @param baseUrl of the API, without `/tenancy/v1`.
 * @param timeout milliseconds to wait for an answer, from what is usual for the route.
 */
export function createClient(
  baseUrl: string,
  token: string,
  timeout = (usualMs: number): number => usualMs,
) {
  const call = createCaller(baseUrl, token, timeout);
  const {
    tenants,
    invitations,
    support,
    secret,
    targets,
    plans,
    operators,
    operatorTokens,
    audit,
    doctor,
  } = adminRoutes;

  function readTagged<Schema extends z.ZodType>(
    asked: Omit<Call<Schema>, 'timeoutMs'>,
  ): Promise<Tagged<z.output<Schema>>> {
    return call({ ...asked, timeoutMs: READ_TIMEOUT_MS });
  }
  async function read<Schema extends z.ZodType>(
    asked: Omit<Call<Schema>, 'timeoutMs'>,
  ): Promise<z.output<Schema>> {
    return (await readTagged(asked)).value;
  }
  async function work<Schema extends z.ZodType>(
    asked: Omit<Call<Schema>, 'timeoutMs'>,
  ): Promise<z.output<Schema>> {
    return (await call({ ...asked, timeoutMs: WORK_TIMEOUT_MS })).value;
  }

  return {
    createTenant: (body: CreateTenant, { idempotencyKey, wait = true }: CreateOptions = {}) =>
      work({
        route: tenants.create,
        headers: {
          'idempotency-key': idempotencyKey,
          prefer: wait ? undefined : 'respond-async',
        },
        body,
        answer: Tenant,
      }),
    getTenant: (id: string): Promise<Tagged<Tenant>> =>
      call({ route: tenants.get, params: { id }, answer: Tenant, timeoutMs: READ_TIMEOUT_MS }),
    /** One page; `next` of the answer is the `after` of the next. */
    listTenants: (query: Query) => read({ route: tenants.list, query, answer: Tenants }),
    retryTenant: (id: string) => work({ route: tenants.retry, params: { id }, answer: Tenant }),
    updateTenant: (id: string, body: UpdateTenant, ifMatch: string): Promise<Tagged<Tenant>> =>
      call({
        route: tenants.update,
        params: { id },
        headers: { 'if-match': ifMatch },
        body,
        answer: Tenant,
        timeoutMs: WORK_TIMEOUT_MS,
      }),
    effectiveSettings: (id: string) =>
      read({ route: tenants.effective, params: { id }, answer: Effective }),
    doorAccess: (id: string) => read({ route: tenants.door, params: { id }, answer: Door }),
    applyTenant: (id: string) => work({ route: tenants.apply, params: { id }, answer: Tenant }),
    rotateTenant: (id: string, force: boolean) =>
      work({ route: tenants.rotate, params: { id }, body: { force }, answer: Tenant }),

    invite: (id: string, body: CreateInvitation) =>
      read({ route: invitations.create, params: { id }, body, answer: Invitation }),
    beginSupport: (id: string, body: BeginSupport) =>
      read({ route: support.begin, params: { id }, body, answer: Support }),
    listSupport: async (id: string) =>
      (await read({ route: support.list, params: { id }, answer: listOf(Support) })).data,
    endSupport: async (id: string, entry: string): Promise<void> => {
      await read({ route: support.end, params: { id, entry }, answer: nothing });
    },

    getSecret: () => read({ route: secret.show, answer: Secret }),
    rotateSecret: () => work({ route: secret.rotate, answer: Secret }),

    listTargets: async () => (await read({ route: targets.list, answer: listOf(Target) })).data,
    listPlans: async () => (await read({ route: plans.list, answer: listOf(Plan) })).data,

    listOperators: async () =>
      (await read({ route: operators.list, answer: listOf(Operator) })).data,
    setOperator: (user: string, body: SetOperator) =>
      read({ route: operators.set, params: { user }, body, answer: Operator }),
    removeOperator: async (user: string): Promise<void> => {
      await read({ route: operators.delete, params: { user }, answer: nothing });
    },

    createOperatorToken: (body: CreateOperatorToken) =>
      read({ route: operatorTokens.create, body, answer: NewOperatorToken }),
    listOperatorTokens: async () =>
      (await read({ route: operatorTokens.list, answer: listOf(OperatorToken) })).data,
    revokeOperatorToken: async (id: string): Promise<void> => {
      await read({ route: operatorTokens.delete, params: { id }, answer: nothing });
    },

    /** One page; `next` of the answer is the `after` of the next. */
    listAudit: (query: Query) => read({ route: audit.list, query, answer: AuditEvents }),

    ...collectorCalls(read, readTagged),

    /** Asks every target, of every tenant: it may take a while. */
    examine: () => work({ route: doctor.examine, answer: Doctor }),
  };
}

export type Client = ReturnType<typeof createClient>;
