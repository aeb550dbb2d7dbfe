import { ServerError } from '../errors';

/** Errors of ClickHouse's access control, in the words of ClickHouse 26.7. */

export type EntityKind = 'user' | 'settings profile' | 'quota';

const missing: Record<EntityKind, [number, string]> = {
  user: [192, 'UNKNOWN_USER'],
  'settings profile': [180, 'THERE_IS_NO_PROFILE'],
  quota: [199, 'UNKNOWN_QUOTA'],
};

export function noSuch(kind: EntityKind, name: string): ServerError {
  const [code, type] = missing[kind];
  return new ServerError(code, type, `There is no ${kind} \`${name}\` in \`user directories\``);
}

/** What GRANT, REVOKE, SHOW GRANTS FOR and quotas say of a name that is neither user nor role. */
export const noSuchGrantee = (name: string): ServerError =>
  new ServerError(511, 'UNKNOWN_ROLE', `There is no role \`${name}\` in \`user directories\``);

export function alreadyExists(kind: EntityKind, name: string): ServerError {
  const what = `${kind} \`${name}\``;
  const message = `${what}: cannot insert because ${what} already exists in \`local_directory\``;
  return new ServerError(493, 'ACCESS_ENTITY_ALREADY_EXISTS', message);
}

export function cannotChange(kind: EntityKind, name: string): ServerError {
  const message = `Cannot update ${kind} \`${name}\` in users_xml because this storage is readonly`;
  return new ServerError(495, 'ACCESS_STORAGE_READONLY', message);
}

/** @param grant what would be needed, such as `SELECT ON a.b`: as asked for, and nothing that is not the asker's to know. */
export function denied(user: string, grant: string): ServerError {
  const need = `To execute this query, it's necessary to have the grant ${grant}`;
  return new ServerError(497, 'ACCESS_DENIED', `${user}: Not enough privileges. ${need}`);
}

export const readonlyQuery = (): ServerError =>
  new ServerError(164, 'READONLY', 'Cannot execute query in readonly mode');
