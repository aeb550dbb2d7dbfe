import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** A certificate and its key, in PEM. */
export interface Certificate {
  cert: string;
  key: string;
}

/** What signs certificates, itself included. */
export interface Authority extends Certificate {
  issue(name: string): Certificate;
}

/** One value in DER (X.690): tag, length, content. */
function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

const sequence = (...parts: Uint8Array[]): Buffer => der(0x30, ...parts);
const octets = (value: Uint8Array): Buffer => der(0x04, value);
const bits = (value: Uint8Array): Buffer => der(0x03, Buffer.from([0]), value);
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
const TRUE = der(0x01, Buffer.from([0xff]));

const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'));

/** A name of nothing but a common name. */
const named = (name: string): Buffer =>
  sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(name)))));

const VALIDITY = sequence(
  der(0x18, Buffer.from('20200101000000Z')),
  der(0x18, Buffer.from('21200101000000Z')),
);

const BASIC_CONSTRAINTS = sequence(oid('551d13'), TRUE, octets(sequence(TRUE)));
/** Subject alternative name: the IP address 127.0.0.1. */
const LOOPBACK = sequence(oid('551d11'), octets(sequence(der(0x87, Buffer.from([127, 0, 0, 1])))));

function pem(label: string, content: Buffer): string {
  return `-----BEGIN ${label}-----\n${content.toString('base64')}\n-----END ${label}-----\n`;
}

/** A certificate (RFC 5280) for 127.0.0.1, or of an authority. */
function certify(
  subject: { name: string; publicKey: KeyObject },
  issuer: { name: string; privateKey: KeyObject },
  extension: Buffer,
): string {
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    // Positive: its first bit is 0.
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_SHA256,
    named(issuer.name),
    VALIDITY,
    named(subject.name),
    subject.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(extension)),
  );
  const signature = sign('sha256', body, issuer.privateKey);
  return pem('CERTIFICATE', sequence(body, ECDSA_SHA256, bits(signature)));
}

/** A new authority, so that no key need lie in the repository. */
export function makeAuthority(name: string): Authority {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = { name, privateKey: own.privateKey };
  const inPem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
  return {
    cert: certify({ name, publicKey: own.publicKey }, issuer, BASIC_CONSTRAINTS),
    key: inPem(own.privateKey),
    issue(subject) {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const cert = certify({ name: subject, publicKey }, issuer, LOOPBACK);
      return { cert, key: inPem(privateKey) };
    },
  };
}
