import type { TenantId } from '../ids';
import { hasControlCharacter } from '../tables/quote';
import type { DoctorCheck } from './checks';

/**
 * `error`: tenants are not kept apart as they should be, or one of them does not work. `warning`: a wall less than there
 * could be. `info`: good to know.
 */
export const severities = ['error', 'warning', 'info'] as const;
export type Severity = (typeof severities)[number];

/** One deviation. Neither text holds a secret or a tenant's data: names of objects at the most. */
export interface Fault {
  check: DoctorCheck;
  severity: Severity;
  tenant: TenantId | null;
  message: string;
  /** The way out. */
  fix: string;
}

const LONGEST_NAME = 160;
const NAMES_SHOWN = 5;

/** A name that somebody else chose, for a terminal. */
function shown(name: string): string {
  const plain = hasControlCharacter(name) ? JSON.stringify(name) : name;
  return plain.length > LONGEST_NAME ? `${plain.slice(0, LONGEST_NAME)}...` : plain;
}

/** A list of any length in a text of bounded length. */
export function listed(names: readonly string[]): string {
  const more = names.length - NAMES_SHOWN;
  const first = names.slice(0, NAMES_SHOWN).map(shown).join(', ');
  return more > 0 ? `${first} and ${more} more` : first;
}

/** What makes a tenant's objects in ClickHouse anew. */
export const applyAgain = (tenantId: TenantId): string =>
  `Have what the tenant has in ClickHouse made again: hyperdx-tenancy tenant apply ${tenantId}`;

/** What makes again what all tenants of a target share. */
export const shareAgain =
  'Have any tenant of the target made again, which makes this again as well: hyperdx-tenancy tenant apply';
