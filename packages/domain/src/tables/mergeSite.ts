import type { z } from 'zod';

import { TenancyError } from '../errors';
import { siteBases } from './registry';
import type { SiteTemplates } from './siteTable';
import { siteTableOf, toColumn, toSkipIndex } from './siteTable';
import type { Template } from './template';

/**
 * The templates with a site's additions behind what is ours; those it adds nothing to stay as they are.
 * @throws as {@link withSite}.
 */
export function mergeSite<T extends Template>(
  templates: readonly T[],
  site: SiteTemplates | undefined,
): T[] {
  return templates.map((template) => withSite(template, site));
}

/**
 * A template with a site's additions behind what is ours.
 * @throws TenancyError `invalid_request` naming the file and the field: an unknown table, a name that is ours or stated
 *   twice, SQL that would not end where it ends.
 */
export function withSite<T extends Template>(template: T, site: SiteTemplates | undefined): T {
  for (const base of Object.keys(site ?? {})) {
    if (!siteBases.some((known) => known === base)) {
      throw new TenancyError('invalid_request', `${base}.yaml: ${unknownBase}`);
    }
  }
  const additions = site?.[template.base];
  if (!additions || template.kind !== 'table') return template;
  const parsed = siteTableOf(template).safeParse(additions);
  if (!parsed.success) {
    throw new TenancyError('invalid_request', describe(template.base, parsed.error));
  }
  const { columns, indexes } = parsed.data;
  return {
    ...template,
    columns: [...template.columns, ...columns.map(toColumn)],
    indexes: [...template.indexes, ...indexes.map(toSkipIndex)],
  };
}

const unknownBase = `there is no such table to add to; there are ${siteBases.join(', ')}.`;

function describe(base: string, { issues }: z.ZodError): string {
  return issues
    .map(({ path, message }) => `${base}.yaml: ${path.join('.')}: ${message}`)
    .join('\n');
}
