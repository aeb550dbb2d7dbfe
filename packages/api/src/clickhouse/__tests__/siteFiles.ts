import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { SiteTemplates } from '@hyperdx-tenancy/domain/tables';

import { loadSiteTemplates } from '../../configFiles/siteTemplates';
import { checkSiteTemplates } from '../siteTemplates';
import { textIndexes } from './tableEngine';
import type { TableEngine } from './tableEngine';

/** What an operator writes for the table of logs; types as people write them. */
export const otelLogsFile = `
columns:
  - name: pod_shard
    type: LowCardinality( String )
    codec: ZSTD(1)
    materialized: splitByChar('-', ResourceAttributes['k8s.pod.name'])[-1]
    comment: The last part of the pod's name
  - name: tier
    type: Enum('none','gold')
    default: "'none'"
  - name: cost
    type: Decimal(10,2)
  - name: shout
    type: String
    alias: concat(upper(Body), ';')
indexes:
  - name: pod_shard
    expression: pod_shard
    type: set(100)
    granularity: 4
`;

/** A site's folder of templates. */
class SiteFolder {
  path = '';

  constructor(private readonly engine: TableEngine) {}

  async make(): Promise<void> {
    this.path = await mkdtemp(join(tmpdir(), 'templates-'));
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  async write(name: string, content: string): Promise<void> {
    await writeFile(join(this.path, name), content);
  }

  /** Reads the folder with these files in it and has ClickHouse check it, as a start does. */
  async load(files: Record<string, string>): Promise<SiteTemplates> {
    for (const [name, content] of Object.entries(files)) await this.write(name, content);
    return checkSiteTemplates(this.engine.client, loadSiteTemplates(this.path), textIndexes);
  }
}

/** A folder for each test of a file anew; this engine checks what is in it. */
export function useSiteFolder(engine: TableEngine): SiteFolder {
  const folder = new SiteFolder(engine);
  beforeEach(() => folder.make());
  afterEach(() => folder.remove());
  return folder;
}
