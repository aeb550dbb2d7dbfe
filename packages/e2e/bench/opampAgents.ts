import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';

import { Agent } from './opampAgent';
import { AGENTS_ROUTES, StartAgents } from './opampAgentsControl';
import type { AgentsState, Arrivals } from './opampAgentsControl';
import { serveProgram } from './program';
import { eachOf } from './work';

/** Handshakes under way at once while the agents connect for the first time. */
const HANDSHAKES = 64;
const HEARTBEAT_TICK_MS = 100;
const ADDRESSES = 4;

type Order = (typeof AGENTS_ROUTES)[keyof typeof AGENTS_ROUTES];

const agents: Agent[] = [];
let arrivals: Arrivals = [];
let opening = Promise.resolve();

function start({ port, tokens, count, firstAddress }: StartAgents): void {
  for (let made = 0; made < count; made += 1) {
    const at = made % tokens.length;
    agents.push(
      new Agent({
        url: `ws://127.0.0.1:${port}/v1/opamp`,
        token: tokens[at] ?? '',
        address: `127.0.0.${firstAddress + (made % ADDRESSES)}`,
        uid: randomBytes(16),
        onOffer: (_, bytes) => {
          arrivals.push([at, Date.now(), bytes]);
        },
      }),
    );
  }
  const { signal } = new AbortController();
  opening = eachOf(
    agents,
    HANDSHAKES,
    signal,
    (agent) => new Promise<void>((done) => agent.start(done)),
  );
}

/** Sends heartbeats of all agents, spread evenly over so many seconds, again and again. */
function beat(seconds: number): void {
  const each = (agents.length * HEARTBEAT_TICK_MS) / (seconds * 1_000);
  let due = 0;
  let at = 0;
  setInterval(() => {
    for (due += each; due >= 1; due -= 1) {
      agents[at]?.heartbeat();
      at = (at + 1) % agents.length;
    }
  }, HEARTBEAT_TICK_MS);
}

function state(): AgentsState {
  const back = agents.flatMap(({ lostAt, backAt }) =>
    lostAt !== undefined && backAt !== undefined ? [[lostAt, backAt] as const] : [],
  );
  return {
    agents: agents.length,
    connected: agents.filter(({ connected }) => connected).length,
    inStep: agents.filter(({ inStep }) => inStep).length,
    lastBackAt: back.reduce((latest, [, backAt]) => Math.max(latest, backAt), 0),
    longestAwayMs: back.reduce((longest, [lost, backAt]) => Math.max(longest, backAt - lost), 0),
  };
}

async function serve(incoming: IncomingMessage): Promise<unknown> {
  switch (incoming.url as Order | undefined) {
    case AGENTS_ROUTES.start:
      start(StartAgents.parse(JSON.parse(await text(incoming))));
      await opening;
      return state();
    case AGENTS_ROUTES.beat:
      beat(Number(await text(incoming)));
      return state();
    case AGENTS_ROUTES.arrivals: {
      const taken = arrivals;
      arrivals = [];
      return taken;
    }
    case AGENTS_ROUTES.drop:
      for (const agent of agents.splice(0)) agent.stop();
      return state();
    case AGENTS_ROUTES.state:
      return state();
    case undefined:
    default:
      throw new Error(`no such order: ${incoming.url ?? ''}`);
  }
}

/** Thousands of agents in one process, told what to do over HTTP. */
serveProgram(() =>
  createServer((incoming, answer) => {
    serve(incoming).then(
      (result) => answer.end(JSON.stringify(result)),
      (error: unknown) => answer.writeHead(500).end(String(error)),
    );
  }),
);
