import { badArguments } from '../errors';
import type { Command, UserChanges } from './commands';
import type { AnyOrNone, PasswordHash } from './state';
import type { TokenReader } from './tokenReader';

/** ON CLUSTER: a server that is alone in its cluster does what it would do without. */
export function passOverCluster(reader: TokenReader): void {
  if (reader.takes('ON CLUSTER')) reader.name();
}

/** The head that CREATE, ALTER and DROP of any kind share: whether the condition is there, the name, the cluster. */
export function readHead(
  reader: TokenReader,
  condition: 'IF EXISTS' | 'IF NOT EXISTS',
): { name: string; conditional: boolean } {
  const conditional = reader.takes(condition);
  const name = reader.name();
  passOverCluster(reader);
  return { name, conditional };
}

export function parseCreateUser(reader: TokenReader): Command {
  const { name, conditional } = readHead(reader, 'IF NOT EXISTS');
  const changes = readChanges(reader);
  // A user that anybody may be is nothing to make by leaving something out.
  if (changes.password?.how !== 'replace') throw reader.unknown();
  return { kind: 'create user', name, unlessExists: conditional, changes };
}

export function parseAlterUser(reader: TokenReader): Command {
  const { name, conditional } = readHead(reader, 'IF EXISTS');
  return { kind: 'alter user', name, ifExists: conditional, changes: readChanges(reader) };
}

function readChanges(reader: TokenReader): UserChanges {
  const changes: UserChanges = {};
  while (!reader.atEnd) {
    if (reader.takes('ADD IDENTIFIED')) changes.password = { how: 'add', ...readPassword(reader) };
    else if (reader.takes('IDENTIFIED')) {
      changes.password = { how: 'replace', ...readPassword(reader) };
    } else if (reader.takes('RESET AUTHENTICATION METHODS TO NEW')) {
      changes.keepsNewestPassword = true;
    } else if (reader.takes('HOST')) changes.hosts = readAnyOrNone(reader);
    else if (reader.takes('GRANTEES')) changes.grantees = readAnyOrNone(reader);
    else if (reader.takes('DEFAULT DATABASE NONE')) changes.defaultDatabase = { name: undefined };
    else if (reader.takes('DEFAULT DATABASE')) changes.defaultDatabase = { name: reader.name() };
    else if (reader.takes('SETTINGS PROFILE')) changes.profile = reader.name();
    else throw reader.unknown();
  }
  return changes;
}

const readAnyOrNone = (reader: TokenReader): AnyOrNone =>
  reader.oneOf(['ANY', 'NONE']) === 'ANY' ? 'any' : 'none';

function readPassword(reader: TokenReader): PasswordHash {
  reader.expect('WITH SHA256_HASH BY');
  const hash = reader.string();
  if (!/^[0-9a-f]{64}$/i.test(hash)) {
    throw badArguments(
      `Password hash for the 'SHA256_PASSWORD' authentication type has length ${hash.length / 2} but must be exactly 32 bytes`,
    );
  }
  const salt = reader.takes('SALT') ? reader.string() : '';
  return { hash: hash.toLowerCase(), salt };
}
