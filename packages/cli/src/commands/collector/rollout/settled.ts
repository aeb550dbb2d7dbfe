import type { Client } from '../../../client';
import type { Group, Part } from '../../../collectorAnswers';
import { CliError } from '../../../exitCodes';
import { waitUntilDone } from '../../../wait';
import type { WaitOptions } from '../../../wait';
import { partsOf, wholeGroupId } from '../group';

/** What one config still waits for. A paused one goes no further by itself. */
function pendingOf({
  id,
  agents: { connected, inStep, failed },
  rollout,
}: Part): string | undefined {
  const { phase, paused, canaries } = rollout;
  if (paused || phase === 'failed') return undefined;
  if (phase === 'canary')
    return `${id}: ${canaries.length === 1 ? '1 canary tries' : `${canaries.length} canaries try`} it`;
  if (inStep >= connected) return undefined;
  // Not the end: one that took too long to start may run it yet.
  const remark = failed === 0 ? '' : `, ${failed} failed`;
  return `${id}: ${inStep} of ${connected} collectors have it${remark}`;
}

export interface SettleOptions extends WaitOptions {
  /** Whether the change that is waited for has begun; until then nothing has ended. */
  begun?: (parts: readonly Part[]) => boolean;
}

/**
 * Waits until the changes of a group, or of a part of it, have come through, failed or were paused.
 * @throws CliError `unavailable` where it takes longer: it goes on all the same.
 */
export async function waitUntilSettled(
  client: Client,
  id: string,
  { begun = () => true, ...options }: SettleOptions,
): Promise<{ group: Group; parts: Part[] }> {
  const read = (): Promise<Group> => client.getGroup(wholeGroupId(id));
  const group = await waitUntilDone(
    await read(),
    {
      read,
      pending: (state) => {
        const parts = partsOf(state, id);
        if (!begun(parts)) return `${id}: the change is being made`;
        return parts.map(pendingOf).find((words) => words !== undefined);
      },
    },
    options,
  );
  return { group, parts: partsOf(group, id) };
}

/**
 * A change that makes no other config, as it may be, has ended when nothing has come of it for so long. Time in which an
 * earlier change is tried on canaries does not count: this one waits for it.
 */
const UNCHANGED_MS = 5_000;

export interface ChangeWait extends WaitOptions {
  /** Five seconds by default. */
  unchangedMs?: number;
}

const revisions = (parts: readonly Part[]): string =>
  parts.map(({ id, rollout }) => `${id}#${rollout.current ?? ''}`).join();

/** As {@link waitUntilSettled}, just after something was changed. @param before the group as it was before that. */
export async function waitForChange(
  client: Client,
  id: string,
  before: Group,
  { unchangedMs = UNCHANGED_MS, ...options }: ChangeWait,
): Promise<{ group: Group; parts: Part[] }> {
  const { started = Date.now() } = options;
  const old = revisions(partsOf(before, id));
  let free = started;
  const begun = (parts: readonly Part[]): boolean => {
    if (parts.some(({ rollout: { phase, paused } }) => phase === 'canary' && !paused))
      free = Date.now();
    return revisions(parts) !== old || Date.now() - free >= unchangedMs;
  };
  return waitUntilSettled(client, id, { ...options, started, begun });
}

/** @throws CliError `unexpected` where a config failed, `conflict` where changes are paused. */
export function assertSettled(parts: readonly Part[]): void {
  const failed = parts.find(({ rollout }) => rollout.phase === 'failed');
  if (failed) {
    const [blocked] = failed.rollout.blocked;
    throw new CliError(
      'unexpected',
      `${failed.id}: the config failed, and its collectors are offered the last good one${blocked ? `: ${blocked.reason}` : '.'}`,
      'rollout_failed',
    );
  }
  const paused = parts.find(({ rollout }) => rollout.paused);
  if (paused)
    throw new CliError(
      'conflict',
      `${paused.id}: changes are paused; "collector rollout resume" lets them go on. ${paused.rollout.pauseReason ?? ''}`.trim(),
      'rollout_paused',
    );
}
