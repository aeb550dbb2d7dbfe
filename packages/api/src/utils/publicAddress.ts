import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';

import ipaddr from 'ipaddr.js';

/** An address that was looked at, to be connected to and no other. */
export interface PinnedAddress {
  address: string;
  family: 4 | 6;
}

/** What may be reached although it is not public: host names, and networks in CIDR notation. */
export interface AllowedHosts {
  names: ReadonlySet<string>;
  networks: readonly [ipaddr.IPv4 | ipaddr.IPv6, number][];
}

/** Looks up all addresses of a name. */
export type ResolveName = (name: string) => Promise<string[]>;

/** Says nothing of what was found: neither that a name exists, nor where it leads. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused';

  constructor(options?: ErrorOptions) {
    super('the host is not one that may be connected to', options);
  }
}

/** Labels with a dot between each two: every text is read in one way alone, and so in a time that its length bounds. */
const HOST_NAME = /^(?=.{1,254}$)[a-z0-9_][a-z0-9_-]{0,62}(?:\.[a-z0-9_-]{1,63})*\.?$/i;

/** Azure's own services answer every machine there at this address, credentials among what they tell: public by its number alone. */
const AZURE_HOST = '168.63.129.16';

/** The part of the IPv6 space that is handed out to be reached (RFC 4291, section 2.4; IANA's registry). */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Reads a list of host names, addresses and networks.
 * @throws Error naming the entry that is none of them.
 */
export function parseAllowedHosts(entries: readonly string[]): AllowedHosts {
  const names = new Set<string>();
  const networks: [ipaddr.IPv4 | ipaddr.IPv6, number][] = [];
  for (const entry of entries) {
    if (entry.includes('/')) networks.push(parseNetwork(entry));
    else if (isIP(entry) !== 0) {
      const address = ipaddr.parse(entry);
      networks.push([address, address.kind() === 'ipv4' ? 32 : 128]);
    } else if (HOST_NAME.test(entry)) names.add(normalName(entry));
    else throw new Error(`"${entry}" is neither a host name nor a network such as 10.0.0.0/8`);
  }
  return { names, networks };
}

function parseNetwork(entry: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  if (!ipaddr.isValidCIDR(entry)) throw new Error(`"${entry}" is no network such as 10.0.0.0/8`);
  return ipaddr.parseCIDR(entry);
}

/** A name and the same name with the root's dot are one. */
function normalName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

/** Whether anybody in the Internet may be reached at it: neither private, nor local, nor reserved, nor a way into IPv4. */
export function isPublicAddress(text: string): boolean {
  // An IPv4 address in IPv6 clothes is judged as what is connected to.
  const address = ipaddr.process(text);
  if (address.range() !== 'unicast' || address.toString() === AZURE_HOST) return false;
  return address instanceof ipaddr.IPv4 || address.match(GLOBAL_UNICAST);
}

function isAllowed(text: string, { networks }: AllowedHosts): boolean {
  const address = ipaddr.process(text);
  return networks.some(
    ([network, bits]) => network.kind() === address.kind() && address.match(network, bits),
  );
}

function pin(text: string): PinnedAddress {
  const address = ipaddr.process(text);
  return { address: address.toString(), family: address.kind() === 'ipv4' ? 4 : 6 };
}

/** A name server that does not answer holds nobody up for longer than both tries. */
const RESOLVER = { timeout: 2_000, tries: 2 } as const;

/**
 * DNS alone, without `getaddrinfo`: it keeps a time limit, and a slow name server takes none of the few threads that
 * files and everybody else's look-ups share. So names are full ones, and /etc/hosts does not count.
 */
export async function resolveByDns(name: string): Promise<string[]> {
  const resolver = new Resolver(RESOLVER);
  const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
}

/**
 * The address that a host may be reached at. Every address that the name has must be one that may be: who mixes a public
 * with a private one does it on purpose. The caller connects to what is returned and looks nothing up again, so that DNS
 * cannot answer differently between the check and the use.
 * @param host as `URL.hostname` has it: IPv6 in brackets, numbers in any notation already made an address.
 * @throws AddressRefused, with the same message whatever the reason.
 */
export async function resolvePublic(
  host: string,
  allow: AllowedHosts,
  resolve: ResolveName = resolveByDns,
): Promise<PinnedAddress> {
  const bare = host.startsWith('[') ? host.slice(1, -1) : host;
  const isLiteral = isIP(bare) !== 0;
  if (!isLiteral && !HOST_NAME.test(bare)) throw new AddressRefused();
  const name = normalName(bare);
  const addresses = isLiteral ? [bare] : await lookUp(name, resolve);
  const [first] = addresses;
  const isNamed = !isLiteral && allow.names.has(name);
  const mayReach = (address: string): boolean =>
    isNamed || isPublicAddress(address) || isAllowed(address, allow);
  if (first === undefined || !addresses.every(mayReach)) throw new AddressRefused();
  return pin(first);
}

async function lookUp(name: string, resolve: ResolveName): Promise<string[]> {
  try {
    return (await resolve(name)).filter((address) => isIP(address) !== 0);
  } catch (cause) {
    throw new AddressRefused({ cause });
  }
}
