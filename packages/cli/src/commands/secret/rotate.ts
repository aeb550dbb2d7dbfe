import { Command } from 'commander';

import type { Secret } from '../../answers';
import type { Client } from '../../client';
import { addConfirmOptions, assertConfirmable, confirm } from '../../confirm';
import type { ConfirmOptions } from '../../confirm';
import { clientOf } from '../../options';
import { note, withProgress } from '../../output';
import { waitUntilDone } from '../../wait';
import type { WaitOptions } from '../../wait';
import { printSecret, tenants } from './print';

/** Tenants that were busy are left out, until somebody asks again. */
const ASK_AGAIN_MS = 60_000;

export interface RotateOptions extends WaitOptions {
  /** One minute by default. */
  askAgainMs?: number;
}

/**
 * Gives new passwords to all tenants that have those of another secret.
 * @param wait where it is stated, until none is left.
 */
export async function rotateSecret(client: Client, wait?: RotateOptions): Promise<Secret> {
  const started = Date.now();
  const begun = await withProgress('Beginning with the tenants', client.rotateSecret());
  if (wait === undefined) return begun;
  const { askAgainMs = ASK_AGAIN_MS } = wait;
  let asked = started;
  const read = (): Promise<Secret> => {
    if (Date.now() - asked < askAgainMs) return client.getSecret();
    asked = Date.now();
    return client.rotateSecret();
  };
  const pending = ({ left }: Secret): string | undefined =>
    left === 0 ? undefined : `${tenants(left)} left`;
  return waitUntilDone(begun, { read, pending }, { started, ...wait });
}

interface Options extends ConfirmOptions {
  wait: boolean;
}

export const rotateCommand = addConfirmOptions(
  new Command('rotate')
    .description(
      'give new passwords to all tenants whose present ones come from TENANCY_SECRET_PREVIOUS, a few at a time; the old ones stay valid until the collectors have taken the new ones over',
    )
    .option('--wait', 'end once no tenant is left, within --timeout', false),
).action(async (options: Options, command: Command) => {
  assertConfirmable(options);
  const { client, json, timeoutMs } = clientOf(command, options.wait);
  const { left } = await client.getSecret();
  if (!(await confirm(`give new passwords to ${tenants(left)}`, options, json))) return;
  const secret = await rotateSecret(client, options.wait ? { timeoutMs } : undefined);
  printSecret(secret, json);
  if (secret.left > 0)
    note('Under way, and goes on by itself; "secret status" says how far it is.');
});
