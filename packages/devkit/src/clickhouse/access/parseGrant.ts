import type { Command } from './commands';
import { passOverCluster } from './parseUser';
import { privileges, type Grant, type Privilege } from './state';
import type { TokenReader } from './tokenReader';

export function parseGrant(reader: TokenReader): Command {
  passOverCluster(reader);
  const grants = readGrants(reader);
  reader.expect('TO');
  const users = reader.list(() => reader.name());
  const replaces = reader.takes('WITH REPLACE OPTION');
  return { kind: 'grant', grants, users, replaces };
}

export function parseRevoke(reader: TokenReader): Command {
  passOverCluster(reader);
  const grants = readGrants(reader);
  reader.expect('FROM');
  return { kind: 'revoke', grants, users: reader.list(() => reader.name()) };
}

/** `SELECT, INSERT ON a.b, SHOW COLUMNS ON c.*`: privileges gather until an ON says where. */
function readGrants(reader: TokenReader): Grant[] {
  const grants: Grant[] = [];
  let gathered: Privilege[] = [];
  reader.list(() => {
    gathered.push(reader.oneOf(privileges));
    if (!reader.takes('ON')) return;
    const database = reader.name();
    reader.expectSymbol('.');
    const where = reader.takesSymbol('*') ? { database } : { database, table: reader.name() };
    // A name's beginning with a star behind it (`t*`) is a form of its own.
    if (reader.takesSymbol('*')) throw reader.unknown();
    grants.push(...gathered.map((privilege) => ({ privilege, ...where })));
    gathered = [];
  });
  if (gathered.length > 0) throw reader.unknown();
  return grants;
}
