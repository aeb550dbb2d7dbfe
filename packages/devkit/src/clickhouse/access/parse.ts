import type { Command } from './commands';
import { parseGrant, parseRevoke } from './parseGrant';
import { parseAlterProfile, parseCreateProfile } from './parseProfile';
import { parseAlterQuota, parseCreateQuota } from './parseQuota';
import { parseAlterUser, parseCreateUser, readHead } from './parseUser';
import { TokenReader } from './tokenReader';

type Parse = (reader: TokenReader) => Command;

const drop =
  (kind: 'drop user' | 'drop profile' | 'drop quota'): Parse =>
  (reader) => {
    const { name, conditional } = readHead(reader, 'IF EXISTS');
    return { kind, name, ifExists: conditional };
  };

/** Statements that are carried out here, by how they begin. */
const parsers: readonly (readonly [string, Parse])[] = [
  ['CREATE USER', parseCreateUser],
  ['ALTER USER', parseAlterUser],
  ['DROP USER', drop('drop user')],
  ['CREATE SETTINGS PROFILE', parseCreateProfile],
  ['ALTER SETTINGS PROFILE', parseAlterProfile],
  ['DROP SETTINGS PROFILE', drop('drop profile')],
  ['CREATE QUOTA', parseCreateQuota],
  ['ALTER QUOTA', parseAlterQuota],
  ['DROP QUOTA', drop('drop quota')],
  ['GRANT', parseGrant],
  ['REVOKE', parseRevoke],
];

/** Statements on users and rights that are not: refused, for the engine knows none of these users. */
const others = [
  ...['CREATE', 'ALTER', 'DROP'].flatMap((verb) =>
    ['PROFILE', 'ROLE', 'ROW POLICY', 'POLICY', 'MASKING POLICY'].map((what) => `${verb} ${what}`),
  ),
  ...['USER', 'ROLE', 'SETTINGS PROFILE', 'QUOTA', 'ROW POLICY'].map((what) => `MOVE ${what}`),
  'SET ROLE',
  'SET DEFAULT ROLE',
  'EXECUTE AS',
  'CHECK GRANT',
  ...['USER', 'USERS', 'ROLE', 'QUOTA', 'SETTINGS PROFILE', 'PROFILE', 'ROW POLICY'].map(
    (what) => `SHOW CREATE ${what}`,
  ),
  ...['USERS', 'ROLES', 'QUOTAS', 'SETTINGS PROFILES', 'PROFILES', 'ACCESS'].map(
    (what) => `SHOW ${what}`,
  ),
];

/** How an access statement begins (`CREATE USER`); nothing for any other statement. */
export function accessVerb(sql: string): string | undefined {
  const reader = new TokenReader(sql);
  return parsers.map(([words]) => words).find((words) => reader.takes(words)) ?? other(reader);
}

const other = (reader: TokenReader): string | undefined =>
  others.find((words) => reader.takes(words));

/**
 * Reads an access statement.
 * @throws ServerError 48 for a form that is not carried out here; 36 for a hash that is none.
 */
export function parseAccess(sql: string): Command {
  const reader = new TokenReader(sql);
  const parse = parsers.find(([words]) => reader.takes(words))?.[1];
  if (!parse) throw reader.unknown();
  const command = parse(reader);
  reader.expectEnd();
  return command;
}
