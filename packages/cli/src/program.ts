import { Command } from 'commander';

import { commands } from './commands';
import { exitCodes } from './exitCodes';
import { addGlobalOptions } from './options';

function exitCodeHelp(): string {
  const lines = Object.values(exitCodes).map(({ code, help }) => `  ${code}  ${help}`);
  return `\nExit codes:\n${lines.join('\n')}`;
}

/** The whole command line. */
export function createProgram(version: string): Command {
  const program = addGlobalOptions(new Command('hyperdx-tenancy'))
    .description('Manage the tenants of a HyperDX install.')
    .version(version)
    .addHelpText('after', exitCodeHelp())
    .showHelpAfterError('(--help says more)');
  for (const command of commands) program.addCommand(command);
  return program;
}

/** A command and all below it, with their whole names: what the reference lists. */
export function allCommands(root: Command, prefix = ''): { name: string; command: Command }[] {
  const name = `${prefix}${root.name()}`;
  return [
    { name, command: root },
    ...root.commands.flatMap((command) => allCommands(command, `${name} `)),
  ];
}
