import { Plans } from '@hyperdx-tenancy/domain/plans';

import { readYamlFile } from './yamlFile';

/**
 * Reads the plans file; without one there are no plans.
 * @throws ConfigFileError that names every fault, with its line.
 */
export function readPlansFile(path: string | undefined): Plans {
  return path === undefined ? { plans: [] } : readYamlFile(path, Plans);
}
