import { randomUUID } from 'node:crypto';

import type { OperatorRole } from '@hyperdx-tenancy/domain/contracts/operator';
import { Types } from 'mongoose';

import type { Answer, TestServer } from '../../../fixtures';
import OperatorToken from '../../../models/operatorToken';
import User from '../../../models/user';
import { hashToken, newToken } from '../../../utils/secrets';

/** A service that believes `x-forwarded-for`, so that each call may come from an address of its own. */
export const behindProxy = { env: { TENANCY_TRUST_PROXY: 'loopback' } };

let clients = 0;
/** An address that nobody has failed from. */
export function freshAddress(): string {
  clients += 1;
  return `10.9.${clients >> 8}.${clients & 255}`;
}

export interface CallOptions {
  body?: unknown;
  /** Instead of TENANCY_ADMIN_TOKEN. */
  token?: string;
  from?: string;
  headers?: Readonly<Record<string, string>>;
}

export type Call = (method: string, path: string, options?: CallOptions) => Promise<Answer>;

/** Calls of the admin API, from where nobody fails unless it is said. */
export function callsTo(server: TestServer): Call {
  return (method, path, { body, token, from = '10.8.0.1', headers } = {}) =>
    server.request(method, `/tenancy/v1${path}`, {
      headers: {
        ...headers,
        'x-forwarded-for': from,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body }),
    });
}

export interface MadeToken {
  id: string;
  token: string;
}

/** A token by way of the API. */
export async function makeToken(call: Call, role: OperatorRole, more = {}): Promise<MadeToken> {
  const { json } = await call('POST', '/operator-tokens', { body: { name: 'ci', role, ...more } });
  return { id: String(json['id']), token: String(json['token']) };
}

/** A token that is just there, in any state that the API would not make. */
export async function storeToken(role: OperatorRole, more = {}): Promise<MadeToken> {
  const token = newToken('hdxo');
  const made = await OperatorToken.create({
    name: 'stored',
    role,
    createdBy: 'test',
    hash: hashToken(token),
    ...more,
  });
  return { id: made.id, token };
}

/** A user of HyperDX, no operator. */
export async function storeUser(
  team: string = new Types.ObjectId().toHexString(),
): Promise<{ id: string; email: string; accessKey: string }> {
  const email = `${randomUUID()}@users.example`;
  const user = await User.create({ email, name: email, team, hash: 'h', salt: 's' });
  return { id: user.id, email, accessKey: user.accessKey };
}
