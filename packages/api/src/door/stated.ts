import type { IncomingMessage } from 'node:http';

import { defaultReaderLimits, emptyDatabase, readerSettings } from '@hyperdx-tenancy/domain/access';
import type { ReaderLimits } from '@hyperdx-tenancy/domain/access';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import { checkSetting, systemFilters } from '@hyperdx-tenancy/domain/guard';
import type { Permission } from '@hyperdx-tenancy/domain/guard';
import { LRUCache } from 'lru-cache';

import type { DoorTenant } from '../controllers/doorTenants';
import { guardTenantOf } from './guardTenant';
import { encodedPair, encodedPairs } from './outgoing';
import type { EncodedPairs } from './outgoing';
import type { Parameters } from './parameters';

/** Settings that a tenant's queries repeat: those of HyperDX, with few values each. */
const MAX_OUTCOMES = 256;
/** What is longer is looked at each time: some settings are left out whatever their value. */
const MAX_REMEMBERED = 256;

type Accepted = 'pass' | 'drop';

// By limits: they are made anew with each look-up of the tenant.
const outcomes = new WeakMap<ReaderLimits, LRUCache<string, Accepted>>();

/** @throws TenancyError `query_refused` for a setting that is not on the allow-list, or outside its range. */
function accept(name: string, value: string, limits: ReaderLimits): Accepted {
  let known = outcomes.get(limits);
  if (!known) outcomes.set(limits, (known = new LRUCache({ max: MAX_OUTCOMES })));
  const key = `${name}=${value}`;
  const before = known.get(key);
  if (before) return before;
  const outcome = checkSetting(name, value, limits);
  if (typeof outcome === 'object') throw new TenancyError('query_refused', outcome.message);
  if (key.length <= MAX_REMEMBERED) known.set(key, outcome);
  return outcome;
}

const heldOf = new WeakMap<DoorTenant, EncodedPairs>();

/**
 * What holds a query where ClickHouse has no users: what a reader's profile would hold, and filters on system tables.
 * Limits that count over all queries of a user are left out, since there all tenants are one user.
 */
function held(tenant: DoorTenant): EncodedPairs {
  const known = heldOf.get(tenant);
  if (known) return known;
  const settings = readerSettings(tenant.settings.reader).flatMap(({ name, value }) =>
    value === undefined || name.endsWith('_for_user') ? [] : [[name, String(value)] as const],
  );
  const made = encodedPairs([
    ...settings,
    ['additional_table_filters', systemFilters(guardTenantOf(tenant))],
    // JSON formats would say how many rows were read: of a system table those of all tenants, before any filter.
    ['output_format_write_statistics', '0'],
    ['readonly', '2'],
  ]);
  heldOf.set(tenant, made);
  return made;
}

/** Names of the interface that reach ClickHouse as they came. */
const PASSED = ['default_format', 'wait_end_of_query', 'buffer_size', 'client_protocol_version'];

/** To ClickHouse a setting: where there are users, the profile of a reader must let it be changed. */
const COMPRESSION = 'enable_http_compression';
const readerMayCompress = readerSettings(defaultReaderLimits).some(
  ({ name }) => name === COMPRESSION,
);

/** `X-ClickHouse-Format`, which counts where the URL names no format. */
function formatHeader({ headers }: IncomingMessage): string | undefined {
  const format = headers['x-clickhouse-format'];
  if (format === undefined) return undefined;
  if (typeof format === 'string' && /^[A-Za-z0-9_]{1,64}$/.test(format)) return format;
  throw new TenancyError(
    'invalid_request',
    'X-ClickHouse-Format: has a value that cannot be used.',
  );
}

/**
 * What goes into the URL beside the statement's values: the caller's own, each of it looked at, and ours, which nothing of
 * the caller's can replace.
 * @param inText what the statement's SETTINGS clause said; it comes before the URL's, as in ClickHouse.
 * @throws TenancyError `query_refused`, `invalid_request`.
 */
export function statedParameters(
  req: IncomingMessage,
  tenant: DoorTenant,
  { interface: given, settings }: Parameters,
  inText: Permission['settings'],
): EncodedPairs {
  const { target } = tenant;
  const limits = tenant.settings.reader;
  const stated = new Map(target.hasUsers ? [] : held(tenant));
  const state = (name: string, value: string): void =>
    void stated.set(name, encodedPair(name, value));
  for (const name of PASSED) {
    const value = given.get(name);
    if (value !== undefined && value !== '') state(name, value);
  }
  const format = formatHeader(req);
  if (format !== undefined && !stated.has('default_format')) state('default_format', format);
  const compression = given.get(COMPRESSION);
  if (compression && (readerMayCompress || !target.hasUsers)) state(COMPRESSION, compression);
  for (const list of [settings, inText]) {
    for (const [name, value] of list) {
      if (accept(name, value, limits) === 'pass') state(name, value);
    }
  }
  state('database', emptyDatabase);
  return stated;
}
