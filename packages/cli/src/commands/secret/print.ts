import type { Secret } from '../../answers';
import { note, printFields, printJson } from '../../output';

/** How many tenants still need the secret before. */
export function printSecret(secret: Secret, json: boolean): void {
  if (json) {
    printJson(secret);
    return;
  }
  printFields([['left', tenants(secret.left)]]);
  if (secret.left === 0)
    note('No password comes from another secret: TENANCY_SECRET_PREVIOUS can be removed.');
}

export function tenants(count: number): string {
  return count === 1 ? '1 tenant' : `${count} tenants`;
}
