import {
  accessFor,
  renderAccess,
  renderAddPassword,
  renderDropOldPasswords,
  renderSetPassword,
} from '@hyperdx-tenancy/domain/access';
import type {
  AccessStatement,
  PasswordHash,
  ReaderMode,
  TenantAccess,
} from '@hyperdx-tenancy/domain/access';
import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import type { TenantId } from '@hyperdx-tenancy/domain/ids';
import type { Settings } from '@hyperdx-tenancy/domain/plans';
import { isAtLeast } from '@hyperdx-tenancy/domain/tables';
import type { ClickHouseVersion } from '@hyperdx-tenancy/domain/tables';

import type { Target } from './target';

/** HyperDX sends `readonly=2` with raw SQL and alerts, which a reader with `readonly = 1` would be refused for. */
const READER_MODE: ReaderMode = 'pins';

/** From here on a user can have two passwords (`ALTER USER ... ADD IDENTIFIED`). */
const TWO_PASSWORDS_SINCE: ClickHouseVersion = { major: 24, minor: 9 };

/** Of both users of a tenant. */
export interface PasswordHashes {
  reader: PasswordHash;
  writer: PasswordHash;
}

/** What a tenant may do on its target, as data. @throws TenancyError as `Target.facts`. */
export async function tenantAccess(
  target: Target,
  tenantId: TenantId,
  settings: Settings,
): Promise<TenantAccess> {
  const { settings: serverSettings } = await target.facts();
  return accessFor({
    tenantId,
    database: target.config.database,
    serverSettings,
    readerMode: READER_MODE,
    reader: settings.reader,
    writer: settings.writer,
    quota: settings.quota,
  });
}

/** Statements about the two users do not depend on each other: both lists run side by side, each in its order. */
async function run(target: Target, statements: readonly AccessStatement[]): Promise<void> {
  for (const statement of statements) await target.run(statement);
}

function of(access: TenantAccess, { object }: AccessStatement): 'reader' | 'writer' {
  const { user, profile, quota } = access.reader;
  return [user, profile, quota].includes(object) ? 'reader' : 'writer';
}

async function runBoth(
  target: Target,
  access: TenantAccess,
  statements: readonly AccessStatement[],
): Promise<void> {
  await Promise.all(
    (['reader', 'writer'] as const).map((role) =>
      run(
        target,
        statements.filter((statement) => of(access, statement) === role),
      ),
    ),
  );
}

/**
 * Makes a tenant's users, profiles, quotas and grants what they should be. Safe to run again at any point.
 * @param passwords of users that do not exist yet.
 * @throws TenancyError `clickhouse_unavailable`, `clickhouse_rejected`.
 */
export async function grantTenantAccess(
  target: Target,
  access: TenantAccess,
  passwords: PasswordHashes,
): Promise<void> {
  await target.prepare();
  try {
    await runBoth(target, access, renderAccess(access, passwords, target.renderOptions));
  } catch (error) {
    // What all readers inherit may be gone: the next attempt makes it again.
    target.forget();
    throw error;
  }
}

/** Replaces all passwords of both users at once: who holds an old one is out. @throws as {@link grantTenantAccess}. */
export async function setPasswords(
  target: Target,
  access: TenantAccess,
  passwords: PasswordHashes,
): Promise<void> {
  await runBoth(target, access, [
    renderSetPassword(access.reader, passwords.reader, target.renderOptions),
    renderSetPassword(access.writer, passwords.writer, target.renderOptions),
  ]);
}

/** Whether a user can have a second valid password. @throws TenancyError as `Target.facts`. */
export async function knowsTwoPasswords(target: Target): Promise<boolean> {
  return isAtLeast((await target.facts()).version, TWO_PASSWORDS_SINCE);
}

/**
 * Gives both users a second valid password.
 * @throws TenancyError `not_supported` where the server is older than 24.9; else as {@link grantTenantAccess}.
 */
export async function addPasswords(
  target: Target,
  access: TenantAccess,
  passwords: PasswordHashes,
): Promise<void> {
  if (!(await knowsTwoPasswords(target))) {
    const { version } = await target.facts();
    throw new TenancyError(
      'not_supported',
      `ClickHouse ${version.major}.${version.minor} of target ${target.name} knows one password a user; ` +
        'rotation without a gap needs 24.9; "force" replaces it at once.',
    );
  }
  await runBoth(target, access, [
    renderAddPassword(access.reader, passwords.reader, target.renderOptions),
    renderAddPassword(access.writer, passwords.writer, target.renderOptions),
  ]);
}

/** Leaves both users the passwords that were added last. @throws as {@link grantTenantAccess}. */
export async function dropOldPasswords(target: Target, access: TenantAccess): Promise<void> {
  await runBoth(target, access, [
    renderDropOldPasswords(access.reader, target.renderOptions),
    renderDropOldPasswords(access.writer, target.renderOptions),
  ]);
}
