import { waitFor } from '@hyperdx-tenancy/devkit/process';
import { z } from 'zod';

import { within } from '../harness/within';
import { startProgram } from './program';
import type { Program } from './program';

/** What a process of agents takes orders by. */
export const AGENTS_ROUTES = {
  start: '/start',
  beat: '/beat',
  state: '/state',
  arrivals: '/arrivals',
  drop: '/drop',
} as const;

export const StartAgents = z.object({
  /** Of the server that they connect to. */
  port: z.number(),
  /** Agents take turns with them. */
  tokens: z.array(z.string()).min(1),
  count: z.number(),
  /** They call from 127.0.0.<this> and the next few. */
  firstAddress: z.number(),
});
export type StartAgents = z.infer<typeof StartAgents>;

const AgentsState = z.object({
  agents: z.number(),
  connected: z.number(),
  inStep: z.number(),
  /** When the last of those that had lost their connection was in step again, milliseconds since the epoch; 0: none had. */
  lastBackAt: z.number(),
  /** The longest time from a lost connection until in step again, milliseconds. */
  longestAwayMs: z.number(),
});
export type AgentsState = z.infer<typeof AgentsState>;

/** Of each config that came: whose token, when (milliseconds since the epoch), how long it was. */
const Arrivals = z.array(z.tuple([z.number(), z.number(), z.number()]));
export type Arrivals = z.infer<typeof Arrivals>;

/** Each process may hold no more sockets than its open-file limit. */
const AGENTS_A_PROCESS = 6_500;
const CALL_TIMEOUT_MS = 300_000;
/** The first is 127.0.0.2; each process has some of its own. */
const FIRST_ADDRESS = 2;
const ADDRESSES_A_PROCESS = 4;

/** All agents of the bench, in processes of their own. */
export class Agents {
  private constructor(
    private readonly programs: readonly Program[],
    readonly count: number,
    private readonly signal: AbortSignal,
  ) {}

  /** Starts the processes for so many agents; no agent yet. */
  static async open(count: number, signal: AbortSignal): Promise<Agents> {
    const programs: Program[] = [];
    try {
      for (let left = count; left > 0; left -= AGENTS_A_PROCESS) {
        signal.throwIfAborted();
        programs.push(await startProgram('opampAgents', 0));
      }
      return new Agents(programs, count, signal);
    } catch (error) {
      await Promise.allSettled(programs.map((program) => program.stop()));
      throw error;
    }
  }

  /** Connects them all, and resolves once each has tried. */
  async start(port: number, tokens: readonly string[]): Promise<void> {
    await Promise.all(
      this.programs.map((program, at) =>
        this.call(program, 'start', {
          port,
          tokens: [...tokens],
          count: Math.min(AGENTS_A_PROCESS, this.count - at * AGENTS_A_PROCESS),
          firstAddress: FIRST_ADDRESS + at * ADDRESSES_A_PROCESS,
        } satisfies StartAgents),
      ),
    );
  }

  /** Has each say that it is there, every so many seconds. */
  async beat(seconds: number): Promise<void> {
    await Promise.all(this.programs.map((program) => this.call(program, 'beat', seconds)));
  }

  /** Configs that came since the last call. */
  async arrivals(): Promise<Arrivals> {
    const all = await Promise.all(this.programs.map((program) => this.call(program, 'arrivals')));
    return all.flatMap((one) => Arrivals.parse(one));
  }

  async state(): Promise<AgentsState> {
    const states = await Promise.all(
      this.programs.map(async (program) => AgentsState.parse(await this.call(program, 'state'))),
    );
    const sum = (of: (state: AgentsState) => number): number =>
      states.reduce((total, state) => total + of(state), 0);
    const most = (of: (state: AgentsState) => number): number => Math.max(...states.map(of));
    return {
      agents: sum(({ agents }) => agents),
      connected: sum(({ connected }) => connected),
      inStep: sum(({ inStep }) => inStep),
      lastBackAt: most(({ lastBackAt }) => lastBackAt),
      longestAwayMs: most(({ longestAwayMs }) => longestAwayMs),
    };
  }

  /** Resolves once all are as they should be. @throws Error that says how many are, where they are not in time. */
  async until(what: 'connected' | 'inStep', timeoutMs: number): Promise<void> {
    let reached = 0;
    await waitFor(
      async () => {
        reached = (await this.state())[what];
        return reached === this.count;
      },
      { what: `${this.count} agents (${what})`, timeoutMs, intervalMs: 100, signal: this.signal },
    ).catch((error: unknown) => {
      this.signal.throwIfAborted();
      throw new Error(`${reached} of ${this.count} agents are ${what} after ${timeoutMs} ms`, {
        cause: error,
      });
    });
  }

  /** Closes all connections; the processes stay. */
  async drop(): Promise<void> {
    await Promise.all(this.programs.map((program) => this.call(program, 'drop')));
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.programs.map((program) => program.stop()));
  }

  private async call(
    { port }: Program,
    route: keyof typeof AGENTS_ROUTES,
    body?: unknown,
  ): Promise<unknown> {
    const answer = await fetch(`http://127.0.0.1:${port}${AGENTS_ROUTES[route]}`, {
      method: 'POST',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: within(CALL_TIMEOUT_MS, this.signal),
    });
    if (!answer.ok) throw new Error(`a process of agents: ${await answer.text()}`);
    return answer.json();
  }
}
