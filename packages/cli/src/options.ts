import { readFileSync } from 'node:fs';

import { Option } from 'commander';
import type { Command } from 'commander';

import { createClient } from './client';
import type { Client } from './client';
import { CliError } from './exitCodes';

export interface GlobalOptions {
  url: string;
  tokenFile?: string;
  json: boolean;
}

/**
 * The options that every command has. There is no `--token`: what stands on a command line can be read
 * by every user of the machine.
 */
export function addGlobalOptions(program: Command): Command {
  return program
    .addOption(
      new Option('--url <url>', 'address of the HyperDX Tenancy API')
        .env('TENANCY_URL')
        .default('http://127.0.0.1:8000'),
    )
    .option(
      '--token-file <file>',
      'file that holds the operator token (default: variable TENANCY_ADMIN_TOKEN)',
    )
    .option('--json', 'print one JSON value instead of a table', false);
}

function readToken(file: string | undefined): string {
  if (file === undefined) {
    const token = process.env['TENANCY_ADMIN_TOKEN']?.trim();
    if (token) return token;
    throw new CliError(
      'denied',
      'No operator token: set TENANCY_ADMIN_TOKEN, or name a file with --token-file.',
    );
  }
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new CliError('usage', `--token-file: ${file} cannot be read.`, 'usage', { cause });
  }
}

/** The client that a command's options name. */
export function clientOf(command: Command): { client: Client; json: boolean } {
  const options = command.optsWithGlobals<GlobalOptions>();
  if (!/^https?:\/\//.test(options.url) || !URL.canParse(options.url)) {
    throw new CliError('usage', '--url: must be an http:// or https:// URL.');
  }
  return { client: createClient(options.url, readToken(options.tokenFile)), json: options.json };
}
