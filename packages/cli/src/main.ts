import { CommanderError } from 'commander';
import type { Command } from 'commander';

import { exitCodes } from './exitCodes';
import type { GlobalOptions } from './options';
import { reportError } from './output';
import { allCommands, createProgram } from './program';

const VERSION = '0.1.0';

async function main(): Promise<number> {
  const program: Command = createProgram(VERSION);
  // Commander would end the process by itself, and with 1 for wrong arguments.
  for (const { command } of allCommands(program)) command.exitOverride();
  try {
    await program.parseAsync();
    return exitCodes.ok.code;
  } catch (error) {
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? exitCodes.ok.code : exitCodes.usage.code;
    return reportError(error, program.opts<GlobalOptions>().json);
  }
}

void main().then((code) => {
  process.exitCode = code;
});
