import { pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

/** Parameters of `passport-local-mongoose`, which HyperDX 2.36 leaves at their defaults. */
const ITERATIONS = 25_000;
const KEY_BYTES = 512;
const SALT_BYTES = 32;

/** How a user's document holds a password: both are hexadecimal. */
export interface PasswordHash {
  salt: string;
  hash: string;
}

// The salt is used as the text that it is stored as, not as the bytes that it spells.
const derive = (password: string, salt: string): Promise<Buffer> =>
  promisify(pbkdf2)(password, salt, ITERATIONS, KEY_BYTES, 'sha256');

export async function hashPassword(password: string): Promise<PasswordHash> {
  const salt = randomBytes(SALT_BYTES).toString('hex');
  return { salt, hash: (await derive(password, salt)).toString('hex') };
}

export async function verifyPassword(
  password: string,
  { salt, hash }: PasswordHash,
): Promise<boolean> {
  const [given, expected] = [await derive(password, salt), Buffer.from(hash, 'hex')];
  return given.length === expected.length && timingSafeEqual(given, expected);
}
