import { ConnectionTest } from '@hyperdx-tenancy/domain/contracts/connection';
import { ObjectIdText } from '@hyperdx-tenancy/domain/contracts/objectId';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { Router } from 'express';
import type { Request, Response } from 'express';
import { z } from 'zod';

import { ConnectionRoutes } from '../../controllers/connectionRoutes';
import type { ConnectionRoute } from '../../controllers/connectionRoutes';
import { pinHost, requireOwnConnections } from '../../controllers/connectionRules';
import type { ConnectionRules } from '../../controllers/connectionRules';
import type { Context } from '../../controllers/context';
import type { Door } from '../../door';
import { documentBody } from '../../middleware/documentBody';
import { checkRequest, hyperdxErrors } from '../../middleware/hyperdxErrors';
import { requestRate } from '../../middleware/requestRate';
import { requireUser, userOf } from '../../middleware/user';
import { answersSelectOne } from '../../utils/askPinned';
import { relay } from '../../utils/pinnedRelay';

const CONNECTION_HEADER = 'x-hyperdx-connection-id';
const ConnectionHeader = z.object({ [CONNECTION_HEADER]: ObjectIdText });

/** Tests of connections that a user may make in a minute: each of them is a request to somebody's server. */
const TESTS_A_MINUTE = 20;

/** Requests at once to tenants' own servers, which may be slow on purpose; the door counts its own. */
const MAX_RELAYED = 100;
const MAX_RELAYED_A_TEAM = 10;

/** One answer to whatever does not work: it tells nobody what there is behind an address. */
const TEST_FAILED = {
  success: false,
  error: 'The connection could not be made: check host, username and password.',
} as const;

function connectionFailed(cause: unknown): TenancyError {
  return new TenancyError(
    'connection_failed',
    'The server of this connection could not be asked.',
    {
      cause,
    },
  );
}

function tooLarge(): TenancyError {
  return new TenancyError('payload_too_large', 'body: larger than 32 MB.');
}

/** Below the router's path, as it came: HyperDX appends it to the connection's host. */
function pathOf(req: Request, settingPrefix: string | undefined, email: string): string {
  const url = new URL(req.url, 'http://path.invalid');
  if (settingPrefix !== undefined) url.searchParams.set(`${settingPrefix}_user`, email);
  return `${url.pathname}${url.search}`;
}

/**
 * HyperDX's `/clickhouse-proxy`, for who is signed in: queries of the UI over one of the team's connections. It
 * stands behind `sessionMiddleware`, and before every parser of bodies.
 */
export default function clickhouseProxyRouter(
  door: Pick<Door, 'proxy'>,
  context: Context,
  rules: ConnectionRules,
): Router {
  const router = Router();
  router.use(requireUser(context));
  const routes = new ConnectionRoutes();
  const relayed = new Map<string, number>();
  let relayedInAll = 0;

  router.post('/test', requestRate(TESTS_A_MINUTE), documentBody, async (req, res) => {
    const { body } = checkRequest(req, { body: ConnectionTest });
    requireOwnConnections(rules);
    const { host, username = '', password } = body;
    const target = await pinHost(host, rules).catch(() => undefined);
    const works =
      target !== undefined &&
      (await answersSelectOne(target, { username, password: password ?? '' }));
    if (works) res.json({ success: true });
    else res.status(400).json(TEST_FAILED);
  });

  /** A slot for as long as a request is relayed. @throws TenancyError `too_many_requests`, `overloaded`. */
  async function withSlot(teamId: string, work: () => Promise<void>): Promise<void> {
    const ofTeam = relayed.get(teamId) ?? 0;
    if (ofTeam >= MAX_RELAYED_A_TEAM) {
      throw new TenancyError(
        'too_many_requests',
        'Too many queries over own connections at once.',
        {
          retryAfterSeconds: 1,
        },
      );
    }
    if (relayedInAll >= MAX_RELAYED) {
      throw new TenancyError('overloaded', 'Too many queries over own connections at once.', {
        retryAfterSeconds: 1,
      });
    }
    relayed.set(teamId, ofTeam + 1);
    relayedInAll += 1;
    try {
      await work();
    } finally {
      relayedInAll -= 1;
      const left = (relayed.get(teamId) ?? 1) - 1;
      if (left === 0) relayed.delete(teamId);
      else relayed.set(teamId, left);
    }
  }

  async function relayOwn(
    req: Request,
    res: Response,
    own: Extract<ConnectionRoute, { kind: 'own' }>,
  ): Promise<void> {
    requireOwnConnections(rules);
    const { team, email } = userOf(res);
    await withSlot(team.toHexString(), async () => {
      const target = await pinHost(own.host, rules).catch((cause: unknown) => {
        throw connectionFailed(cause);
      });
      const { username, password, settingPrefix } = own;
      const path = pathOf(req, settingPrefix, email);
      await relay(req, res, {
        target,
        path,
        username,
        password,
        failed: connectionFailed,
        tooLarge,
      });
    });
  }

  router.all('/{*suffix}', async (req, res, next) => {
    if (req.method === 'GET' || req.method === 'HEAD') {
      res.sendStatus(405);
      return;
    }
    if (req.method !== 'POST') {
      next();
      return;
    }
    const header = ConnectionHeader.safeParse(req.headers);
    if (!header.success) {
      // An object here, an array elsewhere: HyperDX 2.36.
      const { issues } = header.error;
      res.status(400).json({ type: 'Headers', errors: { issues, name: 'ZodError' } });
      return;
    }
    const { team, tenant } = userOf(res);
    const connection = header.data[CONNECTION_HEADER].toLowerCase();
    const route = await routes.find(team, connection);
    if (!route) {
      res.status(404).type('text/plain').send('Connection not found');
      return;
    }
    if (route.kind === 'own') await relayOwn(req, res, route);
    else await door.proxy(req, res, { tenantId: tenant, teamId: team.toHexString() });
  });

  router.use(hyperdxErrors);
  return router;
}
