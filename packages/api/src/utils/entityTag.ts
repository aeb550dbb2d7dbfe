import { createHash } from 'node:crypto';

/** Digits of an entity tag: it tells two states of one thing apart. */
const DIGITS = 16;

/** The entity tag (RFC 9110, section 8.8.3) of a state, strong: any change of it is another one. */
export function entityTag(state: object): string {
  const hash = createHash('sha256').update(JSON.stringify(state)).digest('hex');
  return `"${hash.slice(0, DIGITS)}"`;
}

/**
 * Whether a condition holds for an entity tag; one that was not stated does.
 * @param ifMatch RFC 9110, section 13.1.1: `*`, or a list of strong entity tags.
 */
export function matchesTag(ifMatch: string | undefined, etag: string): boolean {
  if (ifMatch === undefined || ifMatch.trim() === '*') return true;
  return ifMatch.split(',').some((tag) => tag.trim() === etag);
}
