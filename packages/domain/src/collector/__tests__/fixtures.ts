import { parseTenantId } from '../../ids';
import type { BuiltConfig } from '../index';
import type { CollectorTeam } from '../teams';

/** A key of the right form that no team of these tests has. */
export const placeholderToken = 'placeholder-nobody-has';

export const tenantId = (n: number) => parseTenantId(n.toString(16).padStart(24, '0'));

/** The n-th team, of the n-th tenant, with a key like HyperDX's: a UUID. */
export function team(n: number, changes: Partial<CollectorTeam> = {}): CollectorTeam {
  // Spread over the hexadecimal digits as random ids are, yet the same in every run.
  const digits = ((n * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, '0');
  return {
    teamId: `team-${n}`,
    tenantId: tenantId(n),
    apiKey: `${digits}-0000-4000-8000-${n.toString(16).padStart(12, '0')}`,
    authenticate: true,
    credentials: {
      kind: 'literal',
      endpoint: 'tcp://clickhouse:9000',
      username: `hdx_w_${tenantId(n)}`,
      password: `secret-${n}`,
      database: 'default',
    },
    ...changes,
  };
}

export const teams = (count: number) => Array.from({ length: count }, (_, i) => team(i + 1));

/** A pipeline of a built config, by its id. */
export const pipeline = (built: BuiltConfig, id: string) => built.config.service.pipelines[id];

/** The tokens that the built config lets in, as the collector will read them. */
export function tokens(built: BuiltConfig): string[] {
  const auth = built.config.extensions?.['bearertokenauth/hyperdx'];
  return (auth?.tokens as string[] | undefined)?.map(asRead) ?? [];
}

/** What the collector makes of a string without references to its environment. */
export const asRead = (value: string) => value.replaceAll('$$', '$');
