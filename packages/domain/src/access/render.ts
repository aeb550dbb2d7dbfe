import { quoteIdentifier, quoteLiteral } from '../tables/quote';
import type { TenantAccess, UserAccess } from './access';
import type { Grant } from './grants';
import { definerGrants } from './grants';
import { emptyDatabase, readerPins, viewsDefiner } from './names';
import type { PasswordHash } from './password';
import { checkPasswordHash } from './password';
import { renderIntervals, renderPrivileges, renderSetting } from './clauses';

/** One statement on users, profiles, quotas or grants. */
export interface AccessStatement {
  kind: 'profile' | 'quota' | 'user' | 'grant';
  /** The profile, quota or user it is about. */
  object: string;
  sql: string;
  /** The same without password hashes: the only form that may be logged. */
  loggable: string;
}

export interface RenderOptions {
  /** Runs each statement `ON CLUSTER` this one. */
  cluster?: string;
}

/**
 * Makes a tenant's users with all that belongs to them, or brings what exists back to what it should be: running the
 * statements again changes nothing. Each list is replaced as a whole by one statement, so that nobody is ever left with
 * less or more in between. Passwords of users that exist stay as they are.
 * @throws TenancyError `invalid_request` for a hash or salt of another form.
 */
export function renderAccess(
  access: TenantAccess,
  passwords: { reader: PasswordHash; writer: PasswordHash },
  options: RenderOptions = {},
): AccessStatement[] {
  return [
    ...renderUser(access.reader, passwords.reader, options),
    ...renderUser(access.writer, passwords.writer, options),
  ];
}

function renderUser(
  access: UserAccess,
  password: PasswordHash,
  options: RenderOptions,
): AccessStatement[] {
  const { user, profile, quota, database } = access;
  const of = clauses(options);
  const settings = [
    access.inherits !== undefined && `INHERIT ${quoteIdentifier(access.inherits)}`,
    ...access.settings.map((rule) => renderSetting(rule, access)),
  ].filter((clause) => clause !== false);
  const intervals = renderIntervals(access.intervals);
  const standing =
    `HOST ANY DEFAULT DATABASE ${quoteIdentifier(database)} GRANTEES NONE ` +
    `SETTINGS PROFILE ${quoteIdentifier(profile)}`;
  return [
    statement('profile', profile, `CREATE SETTINGS PROFILE IF NOT EXISTS ${of(profile)}`),
    statement(
      'profile',
      profile,
      `ALTER SETTINGS PROFILE IF EXISTS ${of(profile)} SETTINGS ${settings.join(', ')}`,
    ),
    createUser(user, password, standing, options),
    statement('user', user, `ALTER USER IF EXISTS ${of(user)} ${standing}`),
    statement('quota', quota, `CREATE QUOTA IF NOT EXISTS ${of(quota)}`),
    statement(
      'quota',
      quota,
      `ALTER QUOTA IF EXISTS ${of(quota)} ${intervals} TO ${quoteIdentifier(user)}`,
    ),
    replaceGrants(user, access.grants, options),
  ];
}

/**
 * The user that the views of all tenants of a target run as: its `HOST NONE` lets nobody log in, whatever they know.
 * @param password of random bytes that nobody keeps: servers may refuse users without one.
 */
export function renderViewsDefiner(
  database: string,
  password: PasswordHash,
  options: RenderOptions = {},
): AccessStatement[] {
  const of = clauses(options);
  const standing = 'HOST NONE GRANTEES NONE';
  return [
    createUser(viewsDefiner, password, standing, options),
    statement('user', viewsDefiner, `ALTER USER IF EXISTS ${of(viewsDefiner)} ${standing}`),
    // Not replaced: another target may be another database of the same server, with the same user.
    addGrants(viewsDefiner, definerGrants(database), options),
  ];
}

/** Makes the database that tenants' statements run in. */
export function renderEmptyDatabase({ cluster }: RenderOptions = {}): { sql: string } {
  const on = cluster === undefined ? '' : ` ON CLUSTER ${quoteIdentifier(cluster)}`;
  return { sql: `CREATE DATABASE IF NOT EXISTS ${quoteIdentifier(emptyDatabase)}${on}` };
}

/** The profile that readers of the mode `pins` inherit. Run it again when the server has been upgraded. */
export function renderReaderPins(
  names: readonly string[],
  options: RenderOptions = {},
): AccessStatement[] {
  const of = clauses(options);
  const settings = names.map((name) => `${quoteIdentifier(name)} CONST`).join(', ');
  return [
    statement('profile', readerPins, `CREATE SETTINGS PROFILE IF NOT EXISTS ${of(readerPins)}`),
    statement(
      'profile',
      readerPins,
      `ALTER SETTINGS PROFILE IF EXISTS ${of(readerPins)} SETTINGS ${settings}`,
    ),
  ];
}

/** Gives a user a second valid password (ClickHouse 24.9 and newer), until {@link renderDropOldPasswords}. */
export function renderAddPassword(
  { user }: UserAccess,
  password: PasswordHash,
  options: RenderOptions = {},
): AccessStatement {
  const head = `ALTER USER IF EXISTS ${clauses(options)(user)} ADD`;
  return secret(user, (identified) => `${head} ${identified}`, password);
}

/** Leaves a user the password that was added last. Once run, running it again changes nothing. */
export function renderDropOldPasswords(
  { user }: UserAccess,
  options: RenderOptions = {},
): AccessStatement {
  const head = `ALTER USER IF EXISTS ${clauses(options)(user)}`;
  return statement('user', user, `${head} RESET AUTHENTICATION METHODS TO NEW`);
}

/** Replaces all passwords of a user at once: who holds the old one is out. */
export function renderSetPassword(
  { user }: UserAccess,
  password: PasswordHash,
  options: RenderOptions = {},
): AccessStatement {
  const head = `ALTER USER IF EXISTS ${clauses(options)(user)}`;
  return secret(user, (identified) => `${head} ${identified}`, password);
}

/**
 * Takes INSERT from the writer and, where reading stops as well, every right from the reader. The writer keeps SHOW
 * COLUMNS: an exporter that starts while its tenant is suspended must not hold up its collector.
 */
export function renderSuspend(
  { reader, writer }: TenantAccess,
  { reading }: { reading: 'stops' | 'goes on' },
  options: RenderOptions = {},
): AccessStatement[] {
  const inserts = writer.grants.map((grant): Grant => ({ ...grant, privileges: ['INSERT'] }));
  const all = reading === 'stops' ? [{ user: reader.user, grants: reader.grants }] : [];
  return [{ user: writer.user, grants: inserts }, ...all].map(({ user, grants }) =>
    statement(
      'grant',
      user,
      `REVOKE ${onCluster(options)}${renderPrivileges(grants)} FROM ${quoteIdentifier(user)}`,
    ),
  );
}

/** Gives both users exactly what their access says. */
export function renderResume(
  { reader, writer }: TenantAccess,
  options: RenderOptions = {},
): AccessStatement[] {
  return [reader, writer].map(({ user, grants }) => replaceGrants(user, grants, options));
}

/** Removes a tenant's users first, so that nobody is ever there without limits, then what belonged to them. */
export function renderDropAccess(
  { reader, writer }: TenantAccess,
  options: RenderOptions = {},
): AccessStatement[] {
  const of = clauses(options);
  const both = [writer, reader];
  return [
    ...both.map(({ user }) => statement('user', user, `DROP USER IF EXISTS ${of(user)}`)),
    ...both.map(({ quota }) => statement('quota', quota, `DROP QUOTA IF EXISTS ${of(quota)}`)),
    ...both.map(({ profile }) =>
      statement('profile', profile, `DROP SETTINGS PROFILE IF EXISTS ${of(profile)}`),
    ),
  ];
}

/** One statement for the whole list: what is not in it is gone when the statement answers, what is in it was never away. */
function replaceGrants(
  user: string,
  grants: readonly Grant[],
  options: RenderOptions,
): AccessStatement {
  const to = quoteIdentifier(user);
  const sql = `GRANT ${onCluster(options)}${renderPrivileges(grants)} TO ${to} WITH REPLACE OPTION`;
  return statement('grant', user, sql);
}

function addGrants(
  user: string,
  grants: readonly Grant[],
  options: RenderOptions,
): AccessStatement {
  const sql = `GRANT ${onCluster(options)}${renderPrivileges(grants)} TO ${quoteIdentifier(user)}`;
  return statement('grant', user, sql);
}

function createUser(
  user: string,
  password: PasswordHash,
  standing: string,
  options: RenderOptions,
): AccessStatement {
  const head = `CREATE USER IF NOT EXISTS ${clauses(options)(user)}`;
  return secret(user, (identified) => `${head} ${identified} ${standing}`, password);
}

function secret(
  user: string,
  write: (identified: string) => string,
  password: PasswordHash,
): AccessStatement {
  checkPasswordHash(password);
  const identified = (hash: string, salt: string): string =>
    write(`IDENTIFIED WITH sha256_hash BY ${quoteLiteral(hash)} SALT ${quoteLiteral(salt)}`);
  const sql = identified(password.hash, password.salt);
  return { kind: 'user', object: user, sql, loggable: identified('[hidden]', '[hidden]') };
}

function statement(kind: AccessStatement['kind'], object: string, sql: string): AccessStatement {
  return { kind, object, sql, loggable: sql };
}

const onCluster = ({ cluster }: RenderOptions): string =>
  cluster === undefined ? '' : `ON CLUSTER ${quoteIdentifier(cluster)} `;

/** Names an object, with the cluster behind it, where CREATE, ALTER and DROP want both. */
function clauses(options: RenderOptions): (name: string) => string {
  const cluster = onCluster(options).trimEnd();
  return (name) => (cluster === '' ? quoteIdentifier(name) : `${quoteIdentifier(name)} ${cluster}`);
}
