import { BlockList, isIP } from 'node:net';

import { z } from 'zod';

/** Proxies whose word on a client's address is taken: Express's setting `trust proxy`. */
export type TrustProxy = false | number | readonly string[];

/** Express's names for ranges (proxy-addr 2). */
const NAMED_RANGES: ReadonlySet<string> = new Set(['loopback', 'linklocal', 'uniquelocal']);

/** More proxies one behind another than anybody has. */
const MAX_HOPS = 10;

function isRange(text: string): boolean {
  if (NAMED_RANGES.has(text)) return true;
  const [address = '', bits, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  if (bits === undefined) return true;
  if (!/^\d{1,3}$/.test(bits)) return false;
  try {
    new BlockList().addSubnet(address, Number(bits), version === 6 ? 'ipv6' : 'ipv4');
  } catch {
    return false;
  }
  // Everybody is no proxy: with it any client could choose its own address.
  return Number(bits) > 0;
}

/**
 * The number of proxies in front, or their addresses. Express's `true` is not among it: it believes what the
 * client itself wrote.
 */
export const trustProxy = z.string().transform((text, issues): TrustProxy => {
  const hops = /^\d+$/.test(text) ? Number(text) : undefined;
  if (hops !== undefined && hops >= 1 && hops <= MAX_HOPS) return hops;
  const ranges = text.split(',').map((part) => part.trim());
  if (hops === undefined && ranges.every(isRange)) return ranges;
  issues.addIssue(
    `must be a number of proxies from 1 to ${MAX_HOPS}, or addresses of proxies: IP, CIDR range, ` +
      'loopback, linklocal or uniquelocal, separated by commas',
  );
  return z.NEVER;
});
