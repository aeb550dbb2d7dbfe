import { readFileSync } from 'node:fs';

import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';

import { createClient } from './client';
import type { Client } from './client';
import { CliError } from './exitCodes';

export interface GlobalOptions {
  url: string;
  tokenFile?: string;
  timeout?: number;
  json: boolean;
}

const MAX_TIMEOUT_S = 3_600;

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= MAX_TIMEOUT_S))
    throw new InvalidArgumentError(`must be a number of seconds, up to ${MAX_TIMEOUT_S}.`);
  return value;
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
    .option(
      '--timeout <seconds>',
      'how long to wait (default: 30 for an answer, 180 where a tenant is worked on, 600 with --wait)',
      seconds,
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
  let token: string;
  try {
    token = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new CliError('usage', `--token-file: ${file} cannot be read.`, 'usage', { cause });
  }
  if (token === '') throw new CliError('denied', `--token-file: ${file} is empty.`);
  return token;
}

/** What a command's options come to. */
interface Connection {
  client: Client;
  json: boolean;
  /** Of `--timeout`, for what is waited for beyond one answer. */
  timeoutMs: number | undefined;
}

/**
 * The client that a command's options name.
 * @param waits whether the command asks again and again: `--timeout` is then for all of it, and lets no single answer take
 *   longer than is usual.
 */
export function clientOf(command: Command, waits = false): Connection {
  const options = command.optsWithGlobals<GlobalOptions>();
  if (!/^https?:\/\//.test(options.url) || !URL.canParse(options.url)) {
    throw new CliError('usage', '--url: must be an http:// or https:// URL.');
  }
  const timeoutMs = options.timeout === undefined ? undefined : options.timeout * 1_000;
  const timeout = (usualMs: number): number =>
    waits ? Math.min(usualMs, timeoutMs ?? usualMs) : (timeoutMs ?? usualMs);
  return {
    client: createClient(options.url, readToken(options.tokenFile), timeout),
    json: options.json,
    timeoutMs,
  };
}
