import { machineConditions } from './conditions';
import { measureFollowing } from './opampFollowing';
import type { FollowingSize } from './opampFollowing';
import { withOpampGround } from './opampGround';
import { measureHttp, POLLING_AGENTS } from './opampHttp';
import type { HttpSize } from './opampHttp';
import { defaultAgents, measureSockets, MOST_AGENTS } from './opampSockets';
import type { SocketsSize } from './opampSockets';
import type { Bench, BenchOptions, Findings } from './shape';

interface Size {
  http: HttpSize;
  following: FollowingSize;
  sockets: Omit<SocketsSize, 'agents'>;
}

const FULL: Size = {
  http: { rounds: 8, ms: 3_000, warmUpMs: 6_000, tenants: 1_000 },
  following: { tenants: 10_000, changes: 5 },
  sockets: {
    tenants: 100,
    settleMs: 60_000,
    watchMs: 90_000,
    changes: 30,
    changesForAll: 3,
  },
};
const QUICK: Size = {
  http: { rounds: 2, ms: 500, warmUpMs: 300, tenants: 1_000 },
  following: { tenants: 500, changes: 3 },
  sockets: { tenants: 10, settleMs: 3_000, watchMs: 3_000, changes: 4, changesForAll: 1 },
};
const QUICK_AGENTS = 300;

async function run(options: BenchOptions): Promise<Findings> {
  const size = options.quick ? QUICK : FULL;
  const agents = options.size ?? (options.quick ? QUICK_AGENTS : await defaultAgents());
  const machine = machineConditions();
  // Each part on its own ground: what one leaves behind is not what the other measures.
  const http = await withOpampGround(options, async (ground) => ({
    mongo: ground.mongo.how,
    figures: [
      ...(await measureHttp(ground, size.http, options)),
      ...(await measureFollowing(ground, size.following, options)),
    ],
  }));
  const sockets = await withOpampGround(options, (ground) =>
    measureSockets(ground, { ...size.sockets, agents }, options),
  );
  return {
    conditions: {
      ...machine,
      mongo: http.mongo,
      pollingAgents: POLLING_AGENTS,
      rounds: size.http.rounds,
      agents,
      tenantsOfAgents: size.sockets.tenants,
      tokens: size.sockets.tenants + 1,
      clickhouse: 'a process that says that all tables are there',
    },
    figures: [...http.figures, ...sockets],
  };
}

export const opamp: Bench = {
  summary: 'what a fleet of collectors costs the OpAMP server, polling and on WebSockets',
  description:
    `Polls of ${POLLING_AGENTS} agents over kept HTTP connections, in turns: a bare node:http server that answers as many bytes, ours with 10 and with ` +
    `${FULL.http.tenants} tenants, and HyperDX's way (all teams loaded, the config for all built and sent on each poll). How soon a change is in a config with ${FULL.following.tenants} ` +
    'tenants. Then WebSockets on one process of ours, as ' +
    `many as its open-file limit allows and ${MOST_AGENTS} at the most, from other processes: memory an agent beside an idle ws server, CPU of heartbeats, a change for ` +
    'one team and for all, and everybody coming back after a restart. ' +
    'A full run takes about 20 minutes on two cores and is ended after 40; with --quick it takes a minute and is ended after 5.',
  sizeUnit: 'agents on WebSockets',
  sizeFlag: 'agents',
  maxSize: MOST_AGENTS,
  limitSeconds: { full: 2_400, quick: 300 },
  run,
};
