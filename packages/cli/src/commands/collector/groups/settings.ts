import {
  GroupOptions,
  MAX_SHARDS,
  RolloutPolicy,
  UpdateCollectorGroup,
} from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';

import { CliError } from '../../../exitCodes';
import { readNamedFile } from '../../../files';
import { wholeNumber } from '../../../numbers';
import { validate } from '../../../validate';
import { readScrapeConfigs } from './scrapeConfigs';

type Canary = RolloutPolicy['canary'];

/** What the command line says of a group. */
export interface SettingFlags {
  memoryLimitMib?: number;
  queueMaxMib?: number;
  storageDirectory?: string;
  fluentforward?: string;
  prometheus?: string;
  quarantineEndpoint?: string;
  /** `false` of `--no-fragment`. */
  fragment?: string | false;
  canary?: Canary;
  healthySeconds?: number;
  canaryTimeoutSeconds?: number;
  /** `false` of `--no-quarantine`. */
  quarantine?: string[] | false;
  members?: string[];
  /** `false` of `--no-shards`. */
  shards?: number | false;
  exclusive?: boolean;
}

function canary(text: string): Canary {
  const [, count, percent] = /^(\d{1,4})(%?)$/.exec(text) ?? [];
  const parsed = RolloutPolicy.shape.canary.safeParse(
    percent === '%' ? { percent: Number(count) } : { count: Number(count) },
  );
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError('must be a number of collectors, 1 to 1000, or a share: 10%.');
}

const MAX_MIB = 1_048_576;
const DAY_S = 86_400;

/** The options of what may be set of every group. */
export function addSettingOptions(command: Command): Command {
  return command
    .option(
      '--memory-limit-mib <mib>',
      "limit of the collector's memory_limiter; queues in memory share half of it (default: the platform's)",
      wholeNumber(64, MAX_MIB),
    )
    .option(
      '--queue-max-mib <mib>',
      "queue of one tenant's signal (default: its share of memory)",
      wholeNumber(1, 65_536),
    )
    .option(
      '--storage-directory <directory>',
      'keep queues here, on a volume of the collector; "none": in memory, whatever the platform says',
    )
    .option(
      '--fluentforward <host:port>',
      'also take in Fluent Forward here; of dedicated groups alone, as it carries no key',
    )
    .option(
      '--prometheus <file>',
      "also scrape what this YAML file says, Prometheus' scrape_configs; of dedicated groups alone",
    )
    .option(
      '--quarantine-endpoint <url>',
      'send the telemetry of tenants in quarantine here, over OTLP/HTTP, instead of asking senders to try again',
    )
    .option('--fragment <file>', 'merge this YAML into each config of the group')
    .addOption(
      new Option(
        '--canary <count>',
        'try a change on so many collectors first, or on a share of them: 10%',
      ).argParser(canary),
    )
    .option(
      '--healthy-seconds <seconds>',
      'how long all canaries must have been healthy before the others follow (default: 60)',
      wholeNumber(1, DAY_S),
    )
    .option(
      '--canary-timeout-seconds <seconds>',
      'how long a canary may take to become healthy (default: 600)',
      wholeNumber(5, DAY_S),
    )
    .option('--quarantine <tenant...>', 'keep these tenants, by id or name, apart by hand');
}

/** The options of what may be set of a named group alone. */
export function addMemberOptions(command: Command): Command {
  return command
    .option(
      '--members <tenant...>',
      'serve these tenants, by id or name; "all": every tenant of the target',
    )
    .option(
      '--shards <count>',
      'spread the tenants over so many configs, each with tokens of its own; at most 250 tenants each',
      wholeNumber(1, MAX_SHARDS),
    )
    .option('--exclusive', "take the members out of their target's shared group")
    .option('--no-exclusive', 'leave them in it');
}

/** Those options as the API has them. @throws CliError `usage`. */
export function optionsOf(flags: SettingFlags): GroupOptions {
  const { memoryLimitMib, queueMaxMib, storageDirectory, fluentforward, prometheus } = flags;
  const queue = {
    ...(queueMaxMib === undefined ? {} : { maxMiB: queueMaxMib }),
    ...(storageDirectory === undefined
      ? {}
      : { storageDirectory: storageDirectory === 'none' ? null : storageDirectory }),
  };
  const receivers = {
    ...(fluentforward === undefined ? {} : { fluentforward: { endpoint: fluentforward } }),
    ...(prometheus === undefined
      ? {}
      : { prometheus: { scrapeConfigs: readScrapeConfigs('--prometheus', prometheus) } }),
  };
  const options = {
    ...(memoryLimitMib === undefined ? {} : { memoryLimitMiB: memoryLimitMib }),
    ...(Object.keys(queue).length === 0 ? {} : { queue }),
    ...(Object.keys(receivers).length === 0 ? {} : { receivers }),
    ...(flags.quarantineEndpoint === undefined
      ? {}
      : { quarantineEndpoint: flags.quarantineEndpoint }),
  };
  return validate(GroupOptions, options, 'options');
}

/** What is said of the policy; nothing of it stands for what is left out. */
export function policyOf(flags: SettingFlags): Partial<RolloutPolicy> {
  const { canary: some, healthySeconds, canaryTimeoutSeconds } = flags;
  return {
    ...(some === undefined ? {} : { canary: some }),
    ...(healthySeconds === undefined ? {} : { healthySeconds }),
    ...(canaryTimeoutSeconds === undefined ? {} : { timeoutSeconds: canaryTimeoutSeconds }),
  };
}

/** The fragment; `null`: none; `undefined`: nothing was said of it. @throws CliError `usage`. */
export function fragmentOf({ fragment }: SettingFlags): string | null | undefined {
  if (fragment === undefined) return undefined;
  if (fragment === false) return null;
  const text = readNamedFile('--fragment', fragment);
  if (text.trim() === '')
    throw new CliError('usage', `--fragment: ${fragment} is empty; --no-fragment takes it away.`);
  return validate(UpdateCollectorGroup.shape.fragment, text, '--fragment') ?? null;
}
