import { freePort } from '@hyperdx-tenancy/devkit/process';
import type { CollectorGroup } from '@hyperdx-tenancy/domain/contracts/collectorGroup';
import type { Collection, Db } from 'mongodb';

import { writeTokens } from './opampGround';
import type { Install, OpampGround } from './opampGround';

/**
 * What an operator may add to a group's config: a pipeline of its own, without work. It makes the config longer by so many bytes and
 * some, and another one for each number.
 */
export function fragmentOf(value: number, bytes: number): string {
  const padding = 'x'.repeat(Math.max(bytes, 1));
  return [
    'receivers:',
    '  nop/bench: {}',
    'processors:',
    '  transform/bench:',
    '    error_mode: ignore',
    '    log_statements:',
    `      - set(log.attributes["bench.change"], "${value}-${padding}")`,
    'exporters:',
    '  nop/bench: {}',
    'service:',
    '  pipelines:',
    '    logs/bench:',
    '      receivers: [nop/bench]',
    '      processors: [transform/bench]',
    '      exporters: [nop/bench]',
    '',
  ].join('\n');
}

/** The installation that the agents belong to: a token for each team, and one for a group of one tenant. */
export interface Fleet extends Install {
  groups: readonly string[];
  tokens: readonly string[];
  metricsPort: number;
}

export async function openFleet(
  { install }: OpampGround,
  tenants: number,
  env: Record<string, string>,
): Promise<Fleet> {
  const metricsPort = await freePort();
  const installed = await install(tenants, { ...env, TENANCY_METRICS_PORT: String(metricsPort) });
  const { db, teams } = installed;
  const named: CollectorGroup = { kind: 'named', name: 'bench' };
  const dedicated = teams.map((team): CollectorGroup => ({
    kind: 'dedicated',
    team: team.toHexString(),
  }));
  const groups = ['named:bench', ...teams.map((team) => `dedicated:${team.toHexString()}`)];
  const now = new Date();
  await groupsOf(db).insertMany(
    groups.map((id) => ({
      _id: id,
      ...(id === 'named:bench'
        ? {
            target: 'default',
            members: { tenants: [String(installed.tenants[0])] },
            exclusive: false,
          }
        : {}),
      options: {},
      fragment: fragmentOf(0, 1),
      rollout: null,
      quarantine: [],
      version: 1,
      createdAt: now,
      updatedAt: now,
    })),
  );
  const tokens = await writeTokens(db, [named, ...dedicated]);
  return { ...installed, groups, tokens, metricsPort };
}

/** What an operator set of a group, as the API stores it. */
interface GroupDocument {
  _id: string;
  target?: string;
  members?: { tenants: string[] };
  exclusive?: boolean;
  options: object;
  fragment: string | null;
  rollout: null;
  quarantine: never[];
  version: number;
  createdAt: Date;
  updatedAt: Date;
}
export const groupsOf = (db: Db): Collection<GroupDocument> => db.collection('collectorgroups');
