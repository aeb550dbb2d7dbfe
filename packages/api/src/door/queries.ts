import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { emptyDatabase } from '@hyperdx-tenancy/domain/access';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { checkParameterName } from '@hyperdx-tenancy/domain/guard';
import type { Permission } from '@hyperdx-tenancy/domain/guard';

import type { Target } from '../clickhouse/target';
import { adminLogin } from '../controllers/credentials';
import type { DoorTenant } from '../controllers/doorTenants';
import type { Metrics } from '../metrics';
import { readRequest } from './asked';
import type { Asked } from './asked';
import { Bodies } from './body';
import { ClickHouseSaid } from './clickhouseSaid';
import type { Guard } from './guard';
import { guardTenantOf } from './guardTenant';
import { maskNames } from './masking';
import { encodedPair, encodedPairs, outgoing } from './outgoing';
import type { Parameters } from './parameters';
import { acceptedEncoding, Relay } from './relay';
import type { Relayed } from './relay';
import { statedParameters } from './stated';
import { aboutStatement } from './syntaxErrors';
import { Traffic } from './traffic';
import { isClosed, unanswered, Upstream } from './upstream';

/** ClickHouse ends a query at its time limit; this much later it is not there any more. */
const GRACE_MS = 30_000;

/** Of the questions of the guard: they parse, and read nothing. */
const ASKED = encodedPairs([
  ['database', emptyDatabase],
  ['default_format', 'TabSeparatedRaw'],
  ['readonly', '1'],
]);

export interface QueriesOptions {
  guard: Pick<Guard, 'judge'>;
  metrics: Metrics;
}

/** A request whose caller is known. */
export interface Query {
  req: IncomingMessage;
  res: ServerResponse;
  tenant: DoorTenant;
  /** Of its URL. */
  parameters: Parameters;
}

/** The database that a request calls its current one; the tenant's is the only one that it may name. */
function checkDatabase({ req, tenant, parameters }: Query): string | undefined {
  const named = parameters.interface.get('database') || req.headers['x-clickhouse-database'];
  if (named === undefined || named === '') return undefined;
  const { database } = tenant.target.config;
  if (named === database) return database;
  throw new TenancyError('query_refused', `database: ${String(named)} is not the tenant's.`);
}

function checkNames({ values }: Parameters): void {
  for (const name of values.keys()) {
    const refusal = checkParameterName(name);
    if (refusal) throw new TenancyError('query_refused', refusal.message);
  }
}

/** Waits for a place for a query, as long as there is who asked for it. */
async function waitForPlace({ slots }: Upstream, { res, tenant }: Query): Promise<void> {
  const left = new AbortController();
  const onClose = (): void => left.abort(new Error('the caller has left'));
  if (res.destroyed) onClose();
  res.once('close', onClose);
  try {
    await slots.take(tenant.id, left.signal);
  } finally {
    res.off('close', onClose);
  }
}

/** Runs tenants' queries: reads them, has them judged, and hands the answers on. */
export class Queries {
  private readonly bodies = new Bodies();
  private readonly traffic = new Traffic();
  private readonly upstreams = new Map<Target, Upstream>();

  constructor(private readonly options: QueriesOptions) {}

  /**
   * Serves one query to its end.
   * @throws TenancyError, ClickHouseSaid: nothing was answered then.
   */
  async serve(query: Query): Promise<Relayed> {
    const { req, tenant, parameters } = query;
    const database = checkDatabase(query);
    const leave = this.traffic.enter(tenant.id, tenant.settings);
    try {
      const asked = await readRequest(req, parameters, this.bodies, tenant.id);
      try {
        checkNames(parameters);
        return await this.inTurn(query, asked, database);
      } finally {
        asked.release();
      }
    } finally {
      leave();
    }
  }

  /** Ends when the queries under way have. */
  async close(): Promise<void> {
    await Promise.all([...this.upstreams.values()].map((upstream) => upstream.close()));
  }

  private async inTurn(query: Query, asked: Asked, database: string | undefined): Promise<Relayed> {
    const upstream = this.upstreamOf(query.tenant.target);
    await upstream.prepare();
    if (!upstream.slots.takeFree()) await waitForPlace(upstream, query);
    try {
      const permission = await this.judge(upstream, query, asked.text, database);
      return query.res.destroyed ? 'left' : await run(upstream, query, asked, permission);
    } finally {
      upstream.slots.release();
    }
  }

  private upstreamOf(target: Target): Upstream {
    const known = this.upstreams.get(target);
    if (known) return known;
    const made = new Upstream(target);
    this.upstreams.set(target, made);
    return made;
  }

  private async judge(
    upstream: Upstream,
    { tenant, parameters }: Query,
    text: string,
    database: string | undefined,
  ): Promise<Permission> {
    let parsed: 'now' | 'before' = 'before';
    const verdict = await this.options.guard.judge(
      { text, parameters: parameters.values, ...(database === undefined ? {} : { database }) },
      guardTenantOf(tenant),
      (sql, values) => {
        parsed = 'now';
        return ask(upstream, tenant, sql, values);
      },
    );
    this.options.metrics.count('guard_verdicts_total', {
      verdict: verdict.allowed ? 'allowed' : 'refused',
      parsed,
    });
    if (verdict.allowed) return verdict;
    throw new TenancyError('query_refused', verdict.message);
  }
}

/** Has a statement parsed. What ClickHouse has against it is for whom the statement is. */
async function ask(
  upstream: Upstream,
  { id, target }: DoorTenant,
  sql: string,
  values: ReadonlyMap<string, string>,
): Promise<string> {
  try {
    return await upstream.ask(outgoing(sql, ASKED, values), adminLogin(target));
  } catch (error) {
    if (!(error instanceof ClickHouseSaid)) throw error;
    const message = aboutStatement(error.message, sql);
    throw error.withMessage(maskNames(message, error.code, id));
  }
}

async function run(
  upstream: Upstream,
  { req, res, tenant }: Query,
  { parameters, release }: Asked,
  { text, format, settings }: Permission,
): Promise<Relayed> {
  const queryId = parameters.interface.get('query_id') || randomUUID();
  const stated = new Map(statedParameters(req, tenant, parameters, settings));
  // Ids of one tenant never meet another's, which could hold up or find out its queries.
  stated.set('query_id', encodedPair('query_id', `${tenant.id}:${queryId}`));
  const statement = format === undefined ? text : `${text} FORMAT ${format}`;
  const out = outgoing(statement, stated, parameters.values);
  const encoding = acceptedEncoding(req.headers['accept-encoding']);
  const timeoutMs = tenant.settings.reader.maxExecutionSeconds * 1_000 + GRACE_MS;
  const attempt = (): Promise<Relayed> => {
    const relay = new Relay({
      res,
      queryId,
      showsCounts: tenant.target.hasUsers,
      mask: (said, code) => maskNames(said, code, tenant.id),
    });
    upstream.send(out, tenant.login, timeoutMs, relay, encoding);
    return relay.done;
  };
  release();
  try {
    return await attempt().catch((error: unknown) => {
      // Reading twice does no harm, and a kept connection may have been closed while it was idle.
      if (isClosed(error) && !res.destroyed) return attempt();
      throw error;
    });
  } catch (error) {
    throw error instanceof TenancyError ? error : unanswered(error);
  }
}
