import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { siteBases, siteTableOf, tableTemplates } from '@hyperdx-tenancy/domain/tables';
import type { SiteTable, SiteTemplates } from '@hyperdx-tenancy/domain/tables';

import { ConfigFileError, readYamlFile } from './yamlFile';

/** What may lie beside the templates: notes, and what mounts and editors leave. */
const IGNORED = /^(\.|README(\.|$))/;

const siteTables = tableTemplates.filter(({ base }) => siteBases.includes(base));

/**
 * Reads a site's own columns and indexes: a folder with a file `<table>.yaml` for each table that the site adds to.
 * @throws ConfigFileError that names every fault of every file, with its line.
 */
export function loadSiteTemplates(directory: string): SiteTemplates {
  const site: Partial<Record<string, SiteTable>> = {};
  const faults: string[] = [];
  for (const name of filesIn(directory)) {
    const path = join(directory, name);
    const template = siteTables.find(({ base }) => `${base}.yaml` === name);
    try {
      if (!template) throw new ConfigFileError(`${path}: ${unknownFile}`);
      site[template.base] = readYamlFile(path, siteTableOf(template));
    } catch (error) {
      if (!(error instanceof ConfigFileError)) throw error;
      faults.push(error.message);
    }
  }
  if (faults.length > 0) throw new ConfigFileError(faults.join('\n'));
  return site;
}

const unknownFile = `belongs to no table that a site can add to; there are ${siteBases.map((base) => `${base}.yaml`).join(', ')}`;

function filesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => !IGNORED.test(name))
      .sort();
  } catch (cause) {
    throw new ConfigFileError(`${directory}: cannot be read`, { cause });
  }
}
