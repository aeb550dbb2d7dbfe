import { GroupOptions } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import { parse } from 'yaml';

import { CliError } from '../../../exitCodes';
import { readNamedFile } from '../../../files';
import { validate } from '../../../validate';

const { receivers } = GroupOptions.shape;
const ScrapeConfigs = receivers.unwrap().shape.prometheus.unwrap().shape.scrapeConfigs;
type ScrapeConfigs = ReturnType<typeof ScrapeConfigs.parse>;

/** A list, or Prometheus' own file with one under `scrape_configs`. */
function listIn(value: unknown): unknown {
  const whole = typeof value === 'object' && value !== null && 'scrape_configs' in value;
  return whole ? value.scrape_configs : value;
}

/**
 * What a YAML file says is to be scraped.
 * @throws CliError `usage` naming option, file and place.
 */
export function readScrapeConfigs(option: string, path: string): ScrapeConfigs {
  const text = readNamedFile(option, path);
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    throw new CliError('usage', `${option}: ${path} is not YAML.`, 'usage', { cause });
  }
  return validate(ScrapeConfigs, listIn(value), `${option} ${path}`);
}
