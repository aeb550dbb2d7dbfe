import { Command } from 'commander';

import type { Client } from '../../client';
import type { Config } from '../../collectorAnswers';
import { CliError } from '../../exitCodes';
import { clientOf } from '../../options';
import { note, printJson, printRaw, printText, withProgress } from '../../output';
import { keepInFile } from '../../secretFile';
import { groupIdOf } from './group';

interface Options {
  group: string;
  output?: string;
  force: boolean;
}

/** Whom a config does not serve, and what else is wrong with it. */
function noteRemarks({ leftOut, warnings }: Config): void {
  for (const { team, tenant, reason } of leftOut)
    note(`Team ${team} of tenant ${tenant} is left out: ${reason}`);
  warnings.forEach((warning) => note(warning));
}

const withoutEnd = ({ config }: Config): string => config.replace(/\n$/, '');

async function toFile(client: Client, id: string, path: string, force: boolean): Promise<Config> {
  const config = await keepInFile(
    path,
    () => withProgress('Reading the config', client.readGroupConfig(id)),
    withoutEnd,
    force,
  );
  note(`The config is in ${path}. It holds passwords: only you may read that file.`);
  return config;
}

async function toStandardOutput(client: Client, id: string): Promise<Config> {
  const config = await withProgress('Reading the config', client.readGroupConfig(id));
  printRaw(withoutEnd(config));
  note('The config holds passwords: keep it where only its collectors can read it.');
  return config;
}

async function redacted(client: Client, id: string, json: boolean): Promise<Config> {
  const config = await withProgress('Reading the config', client.getGroupConfig(id));
  if (json) printJson(config);
  else printText(config.config);
  note('Shown without passwords and keys; --output writes it as collectors get it.');
  return config;
}

export const configCommand = new Command('config')
  .description(
    'print the config of a group, or write it with its passwords for a collector without OpAMP',
  )
  .requiredOption('--group <group>', 'the group, or the shard of one')
  .option(
    '--output <file>',
    'write it with its passwords into this new file, which only you may read; "-": to standard output',
  )
  .option('--force', 'let the file take the place of one that exists', false)
  .action(async ({ group, output, force }: Options, command: Command) => {
    const id = groupIdOf(group);
    if (force && (output === undefined || output === '-'))
      throw new CliError('usage', '--force: names what becomes of a file; add --output <file>.');
    const { client, json } = clientOf(command);
    if (output === undefined) {
      noteRemarks(await redacted(client, id, json));
      return;
    }
    if (output === '-') {
      noteRemarks(await toStandardOutput(client, id));
      return;
    }
    const { config: _kept, ...rest } = await toFile(client, id, output, force);
    if (json) printJson(rest);
  });
