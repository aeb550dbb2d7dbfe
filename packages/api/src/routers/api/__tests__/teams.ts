import { Browser, makeUser } from '../../../__tests__/browser';
import type { MadeUser } from '../../../__tests__/browser';
import type { TestServer } from '../../../fixtures';

/** A service that believes `x-forwarded-for`, so that each call may come from an address of its own. */
export const behindProxy = { env: { TENANCY_TRUST_PROXY: 'loopback' } };

let clients = 0;
/** An address that nobody has failed from. */
export function freshAddress(): string {
  clients += 1;
  return `10.7.${clients >> 8}.${clients & 255}`;
}

/** A tenant with one person in its team, who is signed in. */
export interface Inhabited {
  tenant: string;
  team: string;
  apiKey: string;
  user: MadeUser;
  browser: Browser;
}

/** A tenant by way of the admin API, its person by way of HyperDX. */
export async function inhabit(server: TestServer, name: string): Promise<Inhabited> {
  const { json } = await server.request('POST', '/tenancy/v1/tenants', { body: { name } });
  const [team] = json['teams'] as { id: string; apiKey: string }[];
  const user = await makeUser(team!.id);
  return {
    tenant: String(json['id']),
    team: team!.id,
    apiKey: team!.apiKey,
    user,
    browser: await Browser.login(server.url, user.email, user.password),
  };
}
