import { createHash, timingSafeEqual } from 'node:crypto';
import type { PasswordHash, User } from './state';

/** Compared with where there is nothing to compare with, so that both take the same time. */
const nobody: PasswordHash = { hash: '0'.repeat(64), salt: '' };

function matches(password: string, { hash, salt }: PasswordHash): boolean {
  const given = createHash('sha256').update(password).update(salt).digest();
  return timingSafeEqual(given, Buffer.from(hash, 'hex'));
}

/** Whether one of the user's passwords is this one; never for a user with HOST NONE, and for nobody. */
export function letsIn(user: User | undefined, password: string): boolean {
  const passwords = user && user.passwords.length > 0 ? user.passwords : [nobody];
  const known = passwords.filter((one) => matches(password, one)).length > 0;
  return known && user?.hosts === 'any' && user.passwords.length > 0;
}
