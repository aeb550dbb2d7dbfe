import { setTimeout as sleep } from 'node:timers/promises';

/** How long the members of a group that got SIGTERM may take, and after SIGKILL; milliseconds. */
const politeMs = 5_000;
const killedMs = 2_000;
const intervalMs = 25;

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, name);
    return true;
  } catch {
    return false;
  }
}

async function gone(pid: number, withinMs: number): Promise<boolean> {
  for (let waited = 0; waited < withinMs; waited += intervalMs) {
    if (!signal(pid, 0)) return true;
    await sleep(intervalMs);
  }
  return false;
}

/**
 * Ends what is left of a process group whose leader `pid` has ended: a supervisor that was killed leaves its collector behind.
 * Resolves when nothing of it runs; at once when nothing is left.
 */
export async function endGroup(pid: number, how: 'politely' | 'at once'): Promise<void> {
  if (how === 'politely') {
    signal(pid, 'SIGTERM');
    if (await gone(pid, politeMs)) return;
  }
  signal(pid, 'SIGKILL');
  // Bounded: a killed orphan stays listed for ever where no init process reaps it, but holds nothing any more.
  await gone(pid, killedMs);
}
