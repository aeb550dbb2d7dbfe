import type { Command } from 'commander';

import { tenantCommand } from './tenant';

/** Every command, by noun. */
export const commands: readonly Command[] = [tenantCommand];
