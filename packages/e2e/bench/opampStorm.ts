import type { Agents } from './opampAgentsControl';
import type { Fleet } from './opampFleet';
import { cpuSeconds } from './processes';
import type { BenchOptions, Figure } from './shape';

/** Everybody must be back by then. */
const BACK_TIMEOUT_MS = 300_000;

/** Kills the server and starts it again. */
export async function measureStorm(
  fleet: Fleet,
  agents: Agents,
  { progress, signal }: BenchOptions,
): Promise<Figure[]> {
  progress(`the server is killed, and ${agents.count} agents come back`);
  const killedAt = Date.now();
  await fleet.api.kill();
  await fleet.api.restart();
  const readyAt = Date.now();
  const { pid } = fleet.api;
  if (pid === undefined) throw new Error('the API does not run');
  fleet.pid = pid;
  await agents.until('inStep', BACK_TIMEOUT_MS).catch((error: unknown) => {
    signal.throwIfAborted();
    // A figure that misses its reach: what was measured before is not lost over it.
    progress(error instanceof Error ? error.message : String(error));
  });
  const { lastBackAt, longestAwayMs, inStep } = await agents.state();
  return [
    {
      name: 'after a restart: agents back and in step',
      value: inStep,
      unit: 'agents',
      reach: { atLeast: agents.count },
    },
    { name: 'after a restart: longest wait of an agent', value: longestAwayMs / 1_000, unit: 's' },
    {
      name: 'after a restart: until the server was ready',
      value: (readyAt - killedAt) / 1_000,
      unit: 's',
    },
    {
      name: 'after a restart: from then until all were back and in step',
      value: Math.max(lastBackAt - readyAt, 0) / 1_000,
      unit: 's',
    },
    {
      name: "after a restart: server's CPU until then, with its start",
      value: await cpuSeconds(pid),
      unit: 's',
    },
  ];
}
