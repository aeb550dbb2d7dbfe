import { InstanceUid } from '@hyperdx-tenancy/domain/contracts/collectorAgent';
import { Argument } from 'commander';

import { validate } from '../../validate';
import { groupOption } from './group';

export const agentArgument = () => new Argument('<uid>', 'instance UID of the collector');

export const agentGroupOption = () =>
  groupOption('its group, where collectors of several have this UID (default: the one seen last)');

/** A UID as the API has it; supervisors' logs and files write it as a UUID. @throws CliError `usage`. */
export function instanceUidOf(text: string): string {
  return validate(InstanceUid, text.replaceAll('-', '').toLowerCase(), 'uid');
}
