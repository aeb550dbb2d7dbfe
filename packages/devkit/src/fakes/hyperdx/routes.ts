import { bearerOf, logIn, logOut, showMe, type Accounts } from './accounts';
import { runChart } from './charts';
import type { User } from './collections';
import { echo } from './echo';
import { fieldsOf, Refusal, sendJson, textOf, type Exchange } from './exchange';
import { sendEvents } from './live';
import { serveMcp } from './mcp';
import { servePrometheus } from './prometheus';

type Handler = (exchange: Exchange, accounts: Accounts) => Promise<void> | void;
type UserHandler = (exchange: Exchange, accounts: Accounts, user: User) => Promise<void> | void;

/** For the external API and MCP: whose access key it is. */
const withBearer =
  (handler: UserHandler): Handler =>
  async (exchange, accounts) => {
    exchange.user = await bearerOf(accounts.collections, exchange);
    await handler(exchange, accounts, exchange.user);
  };

/** For the UI: who is signed in. */
const withSession =
  (handler: UserHandler): Handler =>
  async (exchange, accounts) => {
    if (!exchange.user) throw new Refusal(401, 'Unauthorized', false);
    await handler(exchange, accounts, exchange.user);
  };

/** `POST /api/v2/charts/series`: one result for each series. */
const serveCharts: UserHandler = async (exchange, { collections }, { team }) => {
  const { series, startTime, endTime } = fieldsOf(exchange);
  if (!Array.isArray(series)) throw new Refusal(400, 'series: Required');
  const data = [];
  for (const one of series as Record<string, unknown>[]) {
    const services: unknown = one['services'];
    data.push(
      await runChart(collections, team, textOf(one['sourceId']), {
        from: Number(startTime),
        to: Number(endTime),
        where: typeof one['where'] === 'string' ? one['where'] : undefined,
        services: Array.isArray(services) ? services.map(textOf) : undefined,
      }),
    );
  }
  sendJson(exchange, { data });
};

const showInstallation: Handler = async (exchange, { collections }) => {
  const isTeamExisting = (await collections.teams.findOne({})) !== null;
  sendJson(exchange, { isTeamExisting });
};

/** Routes of their own; all others of HyperDX are echoed. */
const routes: Readonly<Record<string, Handler>> = {
  'GET /health': (exchange) => sendJson(exchange, { data: 'OK', version: '2.36.0', env: 'test' }),
  'GET /installation': showInstallation,
  'POST /login/password': logIn,
  'GET /logout': logOut,
  'GET /me': withSession(showMe),
  'POST /ai/assistant': withSession(sendEvents),
  'POST /api/v2/charts/series': withBearer(serveCharts),
};

/** Paths that HyperDX 2.36 answers with a session: all that the stand-in does not know better are echoed. */
const sessionPaths =
  /^\/(alerts|dashboards|saved-search|favorites|pinned-filters|webhooks|iac|ai|team|sources|connections|clickhouse-proxy)(\/|$)/;

/** The handler of a request, as HyperDX's routers share them out: letter case and a trailing slash make no difference. */
export function handlerOf({ request, url }: Exchange): Handler | undefined {
  const path = url.pathname.toLowerCase().replace(/(.)\/$/, '$1');
  const own = routes[`${textOf(request.method)} ${path}`];
  if (own) return own;
  if (path === '/mcp') {
    return withBearer((exchange, { collections }, user) => serveMcp(exchange, collections, user));
  }
  if (path.startsWith('/v1/prometheus/')) {
    return withSession((exchange, { collections }, user) =>
      servePrometheus(exchange, collections, user),
    );
  }
  if (/^\/api\/v2(\/|$)/.test(path)) return withBearer(echo);
  return sessionPaths.test(path) ? withSession(echo) : undefined;
}
