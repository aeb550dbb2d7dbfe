import { CommanderError } from 'commander';
import type { Command } from 'commander';

import { exitCodes } from './exitCodes';
import type { GlobalOptions } from './options';
import { reportError } from './output';
import { allCommands, createProgram } from './program';

const VERSION = '0.1.0';

/** Runs a command line, without node and the program's name; answers the exit code. Never throws. */
export async function run(args: readonly string[]): Promise<number> {
  const program: Command = createProgram(VERSION);
  // Commander would end the process by itself, and with 1 for wrong arguments.
  for (const { command } of allCommands(program)) command.exitOverride();
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCodes.ok.code;
  } catch (error) {
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? exitCodes.ok.code : exitCodes.usage.code;
    return reportError(error, program.opts<GlobalOptions>().json);
  }
}
