import { GroupId, groupId, parseGroupId } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import type { CollectorGroup } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import { Argument, Option } from 'commander';

import type { Group, Part } from '../../collectorAnswers';
import { CliError } from '../../exitCodes';
import { validate } from '../../validate';

const forms = 'shared:<target>, dedicated:<team>, named:<name> or <name>';

export const groupArgument = (parts = false) =>
  new Argument(
    '<group>',
    parts ? `${forms}; with :<shard> or :quarantine behind, that part of it` : forms,
  );

export const groupOption = (help: string) => new Option('--group <group>', help);

/** What an id begins with; a name alone never has a colon. */
const KIND = /^(shared|dedicated|named):/;

/**
 * The id of a group, or of one of its parts, as the command line names it: that id, which a named group's `named:` may be left
 * out of.
 * @throws CliError `usage`.
 */
export function groupIdOf(text: string): string {
  return validate(GroupId, KIND.test(text) ? text : `named:${text}`, 'group');
}

/** What an id stands for. @throws CliError `usage`. */
export function groupOf(text: string): CollectorGroup {
  const group = parseGroupId(groupIdOf(text));
  if (group) return group;
  throw new CliError('usage', `group: must be ${forms}.`);
}

/** The id of the whole group that a part belongs to. */
export function wholeGroupId(id: string): string {
  const group = groupOf(id);
  switch (group.kind) {
    case 'dedicated':
      return id;
    case 'shared':
      return groupId({ kind: 'shared', target: group.target });
    case 'named':
      return groupId({ kind: 'named', name: group.name });
  }
}

/**
 * The parts of a group that an id names: one of them, or all where it is the group's own.
 * @throws CliError `notFound`.
 */
export function partsOf(group: Group, id: string): Part[] {
  if (id === group.id) return group.parts;
  const parts = group.parts.filter((part) => part.id === id);
  if (parts.length > 0) return parts;
  throw new CliError('notFound', `Group ${group.id} has no part ${id}.`, 'not_found');
}
