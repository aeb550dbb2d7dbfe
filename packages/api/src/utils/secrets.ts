import { createHash, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';

const DERIVED_BYTES = 32;

/** SHA-256 as hex: how a token is stored and looked up, so that a stolen database opens nothing. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** A new token: 256 random bits in characters that a header and a URL path both carry. */
export function newToken(prefix: string): string {
  return `${prefix}_${randomBytes(DERIVED_BYTES).toString('base64url')}`;
}

/** Compares without telling by its duration where two tokens part. */
export function sameToken(a: string, b: string): boolean {
  return timingSafeEqual(
    createHash('sha256').update(a).digest(),
    createHash('sha256').update(b).digest(),
  );
}

/** The same for two SHA-256 digests, as bytes. */
export function sameDigest(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** HKDF-SHA256 (RFC 5869) of the installation's secret for one purpose, as hex. */
export function deriveSecret(secret: string, purpose: string): string {
  return Buffer.from(
    hkdfSync('sha256', secret, 'hyperdx-tenancy', purpose, DERIVED_BYTES),
  ).toString('hex');
}

/** A text with every occurrence of the given secrets taken out; short ones too, at the cost of its clarity. */
export function redact(text: string, secrets: readonly string[]): string {
  // The longest first: one secret may be a part of another.
  const inOrder = secrets.filter((secret) => secret !== '').sort((a, b) => b.length - a.length);
  return inOrder.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
}
