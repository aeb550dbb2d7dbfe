import type { GroupOptions } from '../contracts/collectorGroup';
import { TenancyError } from '../errors';
import type { BuildOptions, ExtraReceivers } from './context';
import { plainJson } from './plainJson';

/** Kinds of config: of many tenants, told apart by key, or of one team. */
export type ConfigKind = 'shared' | 'dedicated';

/** What holds for collectors of groups that say nothing else. */
export interface PlatformSettings {
  memoryLimitMiB: number;
  /** A directory on a volume of every collector. */
  storageDirectory?: string | undefined;
}

/** The part of the builders' options that comes from a group's settings. */
export type GroupSettings = Omit<BuildOptions, 'placeholderToken' | 'fragment' | 'receivers'> & {
  extraReceivers?: ExtraReceivers;
  quarantineEndpoint?: string;
};

/**
 * Refuses what a kind of group has no place for.
 * @throws TenancyError `invalid_request`, naming the option.
 */
export function checkGroupOptions(options: GroupOptions, kind: ConfigKind): void {
  if (kind === 'shared' && options.receivers !== undefined) {
    throw refusal(
      'options.receivers: a shared group has no place for it; what comes in by these carries no key.',
    );
  }
  if (kind === 'dedicated' && options.quarantineEndpoint !== undefined) {
    throw refusal(
      'options.quarantineEndpoint: a dedicated group has one tenant, and so no quarantine.',
    );
  }
  const jobs = new Set<unknown>();
  for (const [index, scrape] of (options.receivers?.prometheus?.scrapeConfigs ?? []).entries()) {
    const place = `options.receivers.prometheus.scrapeConfigs[${index}]`;
    plainJson(scrape, (at, what) => refusal(`${place}${at === '' ? '' : `.${at}`}: ${what}.`));
    const at = `${place}.job_name`;
    const { job_name: name } = scrape;
    if (typeof name !== 'string' || name === '') throw refusal(`${at}: must not be empty.`);
    if (jobs.has(name)) throw refusal(`${at}: two of them are called alike.`);
    jobs.add(name);
  }
}

function refusal(message: string): TenancyError {
  return new TenancyError('invalid_request', message);
}

/** The builders' options for a group, the platform's where the group says nothing. */
export function groupSettings(options: GroupOptions, platform: PlatformSettings): GroupSettings {
  const { memoryLimitMiB, queue, receivers, quarantineEndpoint } = options;
  const directory =
    queue?.storageDirectory === undefined ? platform.storageDirectory : queue.storageDirectory;
  return {
    memoryLimitMiB: memoryLimitMiB ?? platform.memoryLimitMiB,
    ...(memoryLimitMiB !== undefined && { statesMemoryLimit: true }),
    ...(queue?.maxMiB !== undefined && { queueMiB: queue.maxMiB }),
    ...(typeof directory === 'string' && { storage: { extension: 'file_storage', directory } }),
    ...(receivers !== undefined && { extraReceivers: receivers }),
    ...(quarantineEndpoint !== undefined && { quarantineEndpoint }),
  };
}
