import { CANNED_SMALL, CANNED_STREAM, dashboards, smallAnswer } from './cannedAnswers';
import type { GatewayGround } from './gatewayGround';
import type { Target } from './httpLoad';

/** The ways to one answer: straight from the upstream, through the bare proxy, through the API. */
export type Way = 'direct' | 'bare' | 'ours';
export const ways: readonly Way[] = ['direct', 'bare', 'ours'];

/** A kind of request by each of its ways. */
export interface Kind {
  name: string;
  targets: Readonly<Record<Way, Target>>;
  /** The process of the proxy that {@link targets} calls bare. */
  barePid: number;
  /** What the time that we add is told from. */
  addedTo: 'direct' | 'bare';
  /** Whether it must keep to the reach of the bench. */
  judged: boolean;
}

/** What HyperDX's UI sends with a query of its own (2.36). */
const HYPERDX_SETTINGS = new URLSearchParams({
  allow_experimental_analyzer: '1',
  date_time_output_format: 'iso',
  wait_end_of_query: '0',
  cancel_http_readonly_queries_on_client_close: '1',
  output_format_json_quote_64bit_integers: '1',
  max_execution_time: '60',
}).toString();

const TEXT = { 'content-type': 'text/plain;charset=UTF-8' };

const selectOf = ({ clickhouse, table }: GatewayGround, alias: string): string =>
  `SELECT Timestamp, ServiceName, SeverityText, Body AS ${alias} FROM ${clickhouse.database}.${table} ORDER BY Timestamp DESC LIMIT 20 FORMAT JSON`;

/** A query by the three ways; ours is the door or HyperDX's UI's route. */
function queryTargets(
  ground: GatewayGround,
  body: string,
  leastBytes: number,
  entrance: 'door' | 'ui',
): Kind['targets'] {
  const target = (url: string, headers: Record<string, string>): Target => ({
    url,
    method: 'POST',
    headers: { ...TEXT, ...headers },
    body,
    leastBytes,
  });
  const { upstream, bare, signedInProxy, api, direct, door, signedIn } = ground;
  const query = `?${HYPERDX_SETTINGS}`;
  const straight = target(`${upstream.url}/${query}`, direct);
  if (entrance === 'door') {
    return {
      direct: straight,
      bare: target(`${bare.url}/${query}`, direct),
      ours: target(`${api.doorUrl}/${query}`, door),
    };
  }
  return {
    direct: straight,
    bare: target(`${signedInProxy.url}/${query}`, { ...direct, ...signedIn }),
    ours: target(`${api.url}/clickhouse-proxy${query}`, signedIn),
  };
}

/** What is sent again and again. */
export function kindsOf(ground: GatewayGround): Kind[] {
  const { upstream, bare, signedInProxy, api, clickhouse, table, signedIn } = ground;
  const plain = { barePid: bare.pid, addedTo: 'direct' } as const;
  const get = (base: string): Target => ({
    url: `${base}/dashboards`,
    method: 'GET',
    headers: { cookie: signedIn['cookie'] ?? '', 'accept-encoding': 'gzip' },
    leastBytes: dashboards.length,
  });
  const small = selectOf(ground, CANNED_SMALL);
  const real = `SELECT count() AS n, max(Timestamp) AS t FROM ${clickhouse.database}.${table} FORMAT JSON`;
  return [
    {
      name: 'forwarded GET',
      targets: { direct: get(upstream.url), bare: get(bare.url), ours: get(api.url) },
      ...plain,
      judged: true,
    },
    {
      name: 'query at the door',
      targets: queryTargets(ground, small, smallAnswer.length, 'door'),
      ...plain,
      judged: true,
    },
    {
      name: 'query of the UI',
      targets: queryTargets(ground, small, smallAnswer.length, 'ui'),
      // A session costs its look-ups wherever it is checked, and most of the time: they are not what we add.
      barePid: signedInProxy.pid,
      addedTo: 'bare',
      judged: true,
    },
    {
      name: 'query at the door, real engine',
      targets: queryTargets(ground, real, 10, 'door'),
      ...plain,
      judged: false,
    },
  ];
}

/** A query whose answer is so long, at the door. */
export function streamTargets(ground: GatewayGround, bytes: number): Kind['targets'] {
  return queryTargets(ground, selectOf(ground, `${CANNED_STREAM}${bytes}`), bytes, 'door');
}
