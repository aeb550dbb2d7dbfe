import type { Command } from 'commander';

import { auditCommand } from './audit';
import { collectorCommand } from './collector';
import { doctorCommand } from './doctor';
import { operatorCommand } from './operator';
import { planCommand } from './plan';
import { secretCommand } from './secret';
import { targetCommand } from './target';
import { tenantCommand } from './tenant';

/** Every command, by noun. */
export const commands: readonly Command[] = [
  tenantCommand,
  targetCommand,
  planCommand,
  secretCommand,
  collectorCommand,
  operatorCommand,
  auditCommand,
  doctorCommand,
];
