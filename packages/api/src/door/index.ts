import type { IncomingMessage, Server, ServerResponse } from 'node:http';

import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';

import type { Context } from '../controllers/context';
import { DoorTenants } from '../controllers/doorTenants';
import type { DoorTenant } from '../controllers/doorTenants';
import { secondsSince } from '../metrics';
import { toTenancyError } from '../middleware/errors';
import { passOver } from '../utils/passOver';
import { sendError, sendSaid } from './answers';
import type { Entrance } from './answers';
import { createDoorServer } from './app';
import { ClickHouseSaid } from './clickhouseSaid';
import { Guard } from './guard';
import { givenLogin, Logins } from './logins';
import { sortParameters } from './parameters';
import type { Parameters } from './parameters';
import { Queries } from './queries';
import type { QueriesOptions } from './queries';
import type { Relayed } from './relay';
import { urlParameters } from './urlParameters';

/** Whose query comes by HyperDX's UI, once its session and its connection are known. */
export interface ProxyCaller {
  tenantId: TenantId;
  teamId: string;
}

/** A tenant's way to ClickHouse: one implementation with two entrances. */
export interface Door {
  /** The door's own port, for ClickHouse's clients; not listening yet. */
  server: Server;
  /**
   * Answers a query that comes by HyperDX's UI.
   * @param req with its body unread. Of its path nothing is looked at but the query.
   */
  proxy(req: IncomingMessage, res: ServerResponse, caller: ProxyCaller): Promise<void>;
  /** Ends when the queries under way have; `server` is closed by whoever opened it. */
  close(): Promise<void>;
}

export interface DoorOptions {
  context: Context;
  /** @default one of its own */
  guard?: QueriesOptions['guard'];
}

type Result =
  Relayed | 'refused' | 'unauthorized' | 'limited' | 'invalid' | 'unavailable' | 'failed';

function resultOf(error: TenancyError): Result {
  switch (error.status) {
    case 401:
    case 403:
      return error.code === 'query_refused' ? 'refused' : 'unauthorized';
    case 429:
      return 'limited';
    case 502:
    case 503:
      return 'unavailable';
    default:
      return error.status < 500 ? 'invalid' : 'failed';
  }
}

function checkActive({ status }: DoorTenant): void {
  if (status === 'active') return;
  throw new TenancyError('forbidden', `The tenant is ${status}: its data cannot be queried.`);
}

export function createDoor({ context, guard = new Guard() }: DoorOptions): Door {
  const { metrics, log } = context;
  const tenants = new DoorTenants(context);
  const logins = new Logins(tenants);
  const queries = new Queries({ guard, metrics });

  function answer(res: ServerResponse, entrance: Entrance, thrown: unknown): Result {
    if (thrown instanceof ClickHouseSaid) {
      sendSaid(res, thrown);
      return 'clickhouse_error';
    }
    const error = toTenancyError(thrown);
    if (error.status >= 500) {
      // Without the statement: nothing in an error of these kinds has it.
      log.error({ entrance, code: error.code, err: error.cause ?? error }, 'query failed');
    }
    sendError(res, entrance, error);
    return resultOf(error);
  }

  async function serve(
    entrance: Entrance,
    req: IncomingMessage,
    res: ServerResponse,
    identify: (parameters: Parameters) => Promise<DoorTenant>,
  ): Promise<void> {
    const start = process.hrtime.bigint();
    let result: Result;
    let tenant: DoorTenant | undefined;
    try {
      const parameters = sortParameters(urlParameters(req.url ?? ''));
      tenant = await identify(parameters);
      checkActive(tenant);
      result = await queries.serve({ req, res, tenant, parameters });
    } catch (error) {
      result = res.destroyed ? 'left' : answer(res, entrance, error);
      passOver(req);
    }
    const seconds = secondsSince(start);
    metrics.count('door_requests_total', { entrance, result });
    metrics.observe('door_request_duration_seconds', { entrance }, seconds);
    // Never the statement, nor its values.
    log.debug(
      { entrance, tenant: tenant?.id, result, ms: Math.round(seconds * 1e4) / 10 },
      'query',
    );
  }

  const server = createDoorServer((req, res) =>
    serve('door', req, res, ({ interface: url }) =>
      logins.check(givenLogin(req, url), req.socket.remoteAddress),
    ),
  );

  return {
    server,
    proxy: (req, res, { tenantId, teamId }) =>
      serve('ui', req, res, async ({ interface: url }) => {
        for (const name of ['user', 'password']) {
          if (url.has(name))
            throw new TenancyError('invalid_request', `${name}: cannot be used here.`);
        }
        const tenant = await tenants.find(teamId);
        if (tenant?.id === tenantId) return tenant;
        throw new TenancyError('forbidden', 'The team has no tenant.');
      }),
    close: () => queries.close(),
  };
}
