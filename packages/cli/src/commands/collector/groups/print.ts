import type { Group, GroupSummary, Part } from '../../../collectorAnswers';
import { printFields, printJson, printLine, printTable } from '../../../output';
import { showSettings } from '../../../settings';

type Field = [name: string, value: string];

function members({ members }: Pick<Group, 'members'>): string {
  if (members === 'all') return 'all of the target';
  const { length } = members.tenants;
  return length === 1 ? '1 tenant' : `${length} tenants`;
}

/** How a change goes out. */
function policy({ rollout }: Pick<Group, 'rollout'>): string {
  const { canary, healthySeconds, timeoutSeconds } = rollout;
  if (canary === undefined) return 'at once';
  const first = 'count' in canary ? String(canary.count) : `${canary.percent}%`;
  return `${first} first, the rest once they were healthy for ${healthySeconds} s; failed after ${timeoutSeconds} s`;
}

const lines = (text: string): number => text.trimEnd().split('\n').length;

function fields(group: Group): Field[] {
  const { id, target, shards, exclusive, options, fragment } = group;
  return [
    ['id', id],
    ['target', target],
    ['members', members(group)],
    ...(shards === null ? [] : ([['shards', String(shards)]] satisfies Field[])),
    ['exclusive', exclusive ? 'yes' : 'no'],
    ...showSettings(options).map((option): Field => ['option', option]),
    ['fragment', fragment === null ? 'none' : `${lines(fragment)} lines of YAML`],
    ['changes', policy(group)],
  ];
}

/** `12 of 14, 1 failed` */
function agents({ agents: { connected, inStep, failed } }: Pick<Part, 'agents'>): string {
  return `${inStep} of ${connected}${failed === 0 ? '' : `, ${failed} failed`}`;
}

const revision = (number: number | null): string => (number === null ? '' : String(number));

/** The rollout of each config of a group, a line each. */
export function printParts(parts: readonly Part[]): void {
  printTable(
    ['config', 'tenants', 'tokens', 'in step', 'phase', 'revision', 'good', 'pinned'],
    parts.map((part) => [
      part.id,
      String(part.tenants.length),
      String(part.tokens),
      agents(part),
      `${part.rollout.phase}${part.rollout.paused ? ' (paused)' : ''}`,
      revision(part.rollout.current),
      revision(part.rollout.good),
      revision(part.rollout.pinned),
    ]),
  );
}

/** What somebody should know of a config: whom it does not serve, and what else is wrong with it. */
function printRemarks({ id, leftOut, warnings }: Part): void {
  for (const { team, tenant, reason } of leftOut)
    printLine(`${id}: team ${team} of tenant ${tenant} is left out: ${reason}`);
  for (const warning of warnings) printLine(`${id}: ${warning}`);
}

interface Details {
  /** Whether to name the tenants of each config. */
  tenants?: boolean;
  /** The entity tag of its settings, where the answer had one. */
  etag?: string | undefined;
}

/** One group with its configs. */
export function printGroup(
  group: Group,
  json: boolean,
  { tenants = false, etag }: Details = {},
): void {
  if (json) {
    printJson(etag === undefined ? group : { ...group, etag });
    return;
  }
  printFields([
    ...fields(group),
    ...(etag === undefined ? [] : ([['etag', etag]] satisfies Field[])),
  ]);
  if (group.parts.length > 0) printParts(group.parts);
  if (group.quarantine.length > 0)
    printTable(
      ['tenant in quarantine', 'since', 'reason'],
      group.quarantine.map(({ tenant, since, reason }) => [tenant, since ?? '', reason]),
    );
  group.parts.forEach(printRemarks);
  if (tenants)
    printTable(
      ['tenant', 'config'],
      group.parts.flatMap((part) => part.tenants.map((tenant) => [tenant, part.id])),
    );
}

/** Several groups, a line each. */
export function printGroups(groups: readonly GroupSummary[], json: boolean): void {
  if (json) {
    printJson(groups);
    return;
  }
  printTable(
    ['id', 'target', 'members', 'shards', 'tenants', 'in step', 'changes'],
    groups.map((group) => [
      group.id,
      group.target,
      members(group),
      group.shards === null ? '' : String(group.shards),
      String(group.tenants),
      agents(group),
      policy(group),
    ]),
  );
}
