import { pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

import { Gate } from './gate';

const derive = promisify(pbkdf2);

/** HyperDX 2.36: passport-local-mongoose's defaults. */
const ITERATIONS = 25_000;
const HASH_BYTES = 512;
const DIGEST = 'sha256';
const SALT_BYTES = 32;

/** A hash takes a thread of Node's pool (four by default) for a tenth of a second; files and look-ups need the others. */
const hashing = new Gate(2, 100, 'Too many logins at once.');

/** How a password is stored in HyperDX's user: both are hexadecimal text. */
export interface PasswordHash {
  hash: string;
  salt: string;
}

async function hashWith(password: string, salt: string): Promise<Buffer> {
  // The salt is used as its text, not as the bytes that it spells.
  return hashing.run(() => derive(password, salt, ITERATIONS, HASH_BYTES, DIGEST));
}

/** Hash and a new salt, as HyperDX would store them. @throws TenancyError `overloaded`. */
export async function hashPassword(password: string): Promise<PasswordHash> {
  const salt = randomBytes(SALT_BYTES).toString('hex');
  return { salt, hash: (await hashWith(password, salt)).toString('hex') };
}

/**
 * Whether this is the password. Takes as long where there is none to compare with: how long an answer takes does not
 * tell who has an account.
 * @throws TenancyError `overloaded`.
 */
export async function isPassword(
  password: string,
  stored: Partial<PasswordHash> | undefined,
): Promise<boolean> {
  const { hash, salt } = stored ?? {};
  const known = Buffer.from(hash ?? '', 'hex');
  const found = await hashWith(password, salt ?? '');
  return salt !== undefined && known.length === HASH_BYTES && timingSafeEqual(found, known);
}
