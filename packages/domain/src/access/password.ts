import { TenancyError } from '../errors';

/**
 * What a statement says of a password: `hash` = SHA-256 of the password followed by the salt's text, as 64 lower-case
 * hexadecimal digits; `salt` = 32 to 64 such digits. The password itself never reaches a statement, so that neither a
 * query log nor an error can show it.
 */
export interface PasswordHash {
  hash: string;
  salt: string;
}

const HASH = /^[0-9a-f]{64}$/;
const SALT = /^[0-9a-f]{32,64}$/;

/** @throws TenancyError `invalid_request`, which repeats neither hash nor salt. */
export function checkPasswordHash({ hash, salt }: PasswordHash): void {
  if (!HASH.test(hash)) {
    throw new TenancyError('invalid_request', 'hash: 64 lower-case hexadecimal digits.');
  }
  if (!SALT.test(salt)) {
    throw new TenancyError('invalid_request', 'salt: 32 to 64 lower-case hexadecimal digits.');
  }
}
