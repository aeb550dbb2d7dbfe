import type { Group, Part, Rollouts } from '../../../collectorAnswers';
import { printJson, printLine, printTable } from '../../../output';
import { printParts } from '../groups/print';

/** Which configs failed, and why; which collectors try one first. */
function printRemarks({ id, rollout }: Part): void {
  const { phase, since, canaries, pauseReason, blocked } = rollout;
  if (since !== null) printLine(`${id}: ${phase} since ${since}`);
  if (phase === 'canary' && canaries.length > 0)
    printLine(`${id}: tried first on ${canaries.join(', ')}`);
  if (pauseReason !== null) printLine(`${id}: paused: ${pauseReason}`);
  for (const { revision, hash, reason, at } of blocked)
    printLine(`${id}: revision ${revision ?? hash.slice(0, 12)} failed at ${at}: ${reason}`);
}

/** How far the changes of these parts of a group have come. */
export function printRollout(group: Group, parts: readonly Part[], json: boolean): void {
  if (json) {
    printJson(parts.map(({ id, agents, rollout }) => ({ id, agents, rollout })));
    return;
  }
  printParts(parts);
  parts.forEach(printRemarks);
  for (const { tenant, reason } of group.quarantine)
    printLine(`tenant ${tenant} is in quarantine: ${reason}`);
}

/** What became of them, just after something was done. */
export function printSteered(rollouts: Rollouts, json: boolean): void {
  if (json) {
    printJson(rollouts);
    return;
  }
  const number = (revision: number | null): string => (revision === null ? '' : String(revision));
  printTable(
    ['config', 'phase', 'revision', 'good', 'pinned'],
    rollouts.map(({ id, rollout: { phase, paused, current, good, pinned } }) => [
      id,
      `${phase}${paused ? ' (paused)' : ''}`,
      number(current),
      number(good),
      number(pinned),
    ]),
  );
}
