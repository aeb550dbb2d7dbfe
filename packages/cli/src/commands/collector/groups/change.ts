import type { GroupOptions } from '@hyperdx-tenancy/domain/contracts/collectorGroup';

import type { Group } from '../../../collectorAnswers';

/** What may be taken back to the platform's, by the name of the option that sets it. */
const unsettable = {
  'memory-limit-mib': ['memoryLimitMiB'],
  'queue-max-mib': ['queue', 'maxMiB'],
  'storage-directory': ['queue', 'storageDirectory'],
  fluentforward: ['receivers', 'fluentforward'],
  prometheus: ['receivers', 'prometheus'],
  'quarantine-endpoint': ['quarantineEndpoint'],
  canary: [],
} as const satisfies Record<string, readonly string[]>;

export type Unset = keyof typeof unsettable;
export const unsetNames = Object.keys(unsettable);

type Tree = Readonly<Record<string, unknown>>;

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A copy without what lies at a path, nor what that leaves empty. */
function without(tree: Tree, [name, ...rest]: readonly string[]): Tree {
  if (name === undefined || !(name in tree)) return tree;
  const { [name]: value, ...others } = tree;
  if (rest.length === 0 || !isTree(value)) return others;
  const left = without(value, rest);
  return Object.keys(left).length === 0 ? others : { ...others, [name]: left };
}

/**
 * A group's options with some of them changed. The API replaces them as a whole: those that are not named stay as they are,
 * those of a newer API included.
 */
export function changedOptions(
  current: Group['options'],
  given: GroupOptions,
  unset: readonly Unset[],
): Tree {
  const { queue, receivers, ...flat } = given;
  const kept = unset.reduce<Tree>((tree, name) => without(tree, unsettable[name]), current);
  const nested = (name: 'queue' | 'receivers', part: object | undefined): Tree =>
    part === undefined ? {} : { [name]: { ...(kept[name] as object | undefined), ...part } };
  return { ...kept, ...flat, ...nested('queue', queue), ...nested('receivers', receivers) };
}

/** A group's policy with some of it changed. */
export function changedPolicy(
  current: Group['rollout'],
  given: object,
  unset: readonly Unset[],
): Tree {
  const { canary, ...others } = current;
  const keeps = canary !== undefined && !unset.includes('canary');
  return { ...others, ...(keeps ? { canary } : {}), ...given };
}
