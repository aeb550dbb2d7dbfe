import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Server } from 'node:https';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { SecureContextOptions, TlsOptions } from 'node:tls';

import { ConfigError } from '../../config';
import type { Config, OpampTls } from '../../config';
import type { Logger } from '../../utils/logger';

/** How soon a certificate that was replaced is used. */
const RELOAD_MS = 30_000;

/** The variables that name the files. */
const files = [
  { option: 'cert', file: 'certFile', variable: 'TENANCY_OPAMP_TLS_CERT_FILE' },
  { option: 'key', file: 'keyFile', variable: 'TENANCY_OPAMP_TLS_KEY_FILE' },
  { option: 'ca', file: 'clientCaFile', variable: 'TENANCY_OPAMP_TLS_CLIENT_CA_FILE' },
] as const;

type Pem = Partial<Record<(typeof files)[number]['option'], string>>;

const CERTIFICATES = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** A text without certificates would be taken by Node, which then trusts nobody. @throws where there is none, or a broken one. */
function checkAuthority(text: string): void {
  const certificates = text.match(CERTIFICATES) ?? [''];
  for (const certificate of certificates) new X509Certificate(certificate);
}

/** @throws where certificate and key do not belong together, or are none. */
function check(pem: Pem): void {
  if (pem.ca !== undefined) checkAuthority(pem.ca);
  createSecureContext(contextOf(pem));
}

/** What holds for each connection, whatever certificate is in use. */
function contextOf(pem: Pem): SecureContextOptions {
  return { ...pem, minVersion: 'TLSv1.2' };
}

function codeOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code ?? 'unknown error';
}

/** @throws ConfigError where it cannot be done. */
function usable<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    // Without its text, which may quote a file.
    throw new ConfigError(`${what} (${codeOf(error)})`);
  }
}

/** @throws ConfigError that names the variable of a file that cannot be used. */
function readPem(tls: OpampTls): Pem {
  const pem: Pem = {};
  for (const { option, file, variable } of files) {
    const path = tls[file];
    if (path === undefined) continue;
    pem[option] = usable(`${variable}: ${path} cannot be read`, () => readFileSync(path, 'utf8'));
  }
  const { ca } = pem;
  if (ca !== undefined) {
    const what = `${files[2].variable}: ${tls.clientCaFile ?? ''} holds no certificates`;
    usable(what, () => checkAuthority(ca));
  }
  const pair = `${files[0].variable}, ${files[1].variable}: not a certificate and its key, in PEM`;
  usable(pair, () => check(pem));
  return pem;
}

/**
 * The options of a server with TLS.
 * @throws ConfigError that names the variable of a file that cannot be used.
 */
export function tlsOptions(tls: OpampTls): TlsOptions {
  return {
    ...contextOf(readPem(tls)),
    requestCert: tls.clientCaFile !== undefined,
    // Where certificates are optional, one that is shown is checked once the connection is there: see `refuseForged`.
    rejectUnauthorized: tls.clientCaFile !== undefined && tls.clientAuth === 'required',
    handshakeTimeout: 10_000,
  };
}

/** Cuts connections that show a certificate which is not good; those that show none may come where they are optional. */
export function refuseForged(server: Server, onRefused: () => void): void {
  server.on('secureConnection', (socket) => {
    const isGood = socket.authorized || Object.keys(socket.getPeerCertificate()).length === 0;
    if (isGood) return;
    onRefused();
    socket.destroy();
  });
}

/** Uses certificates that were replaced on disk, without a restart. */
export class TlsReload {
  private timer: NodeJS.Timeout | undefined;
  private last: string | undefined;

  constructor(
    private readonly server: Server,
    private readonly tls: OpampTls,
    private readonly log: Logger,
  ) {}

  /** @param everyMs between two looks at the files. */
  start(everyMs = RELOAD_MS): void {
    this.timer = setInterval(() => void this.look(), everyMs).unref();
    void this.look();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    try {
      const pem: Pem = {};
      for (const { option, file } of files) {
        const path = this.tls[file];
        if (path !== undefined) pem[option] = await readFile(path, 'utf8');
      }
      const content = JSON.stringify(pem);
      const isFirst = this.last === undefined;
      if (content === this.last) return;
      // Looked at once: files that are halfway replaced are other ones with the next look.
      this.last = content;
      if (isFirst) return;
      check(pem);
      this.server.setSecureContext(contextOf(pem));
      this.log.info('the OpAMP server uses the TLS files that were replaced');
    } catch (error) {
      // The ones in use stay in use. The error's text may quote what it was given.
      this.log.error({ code: codeOf(error) }, 'new TLS files of the OpAMP server cannot be used');
    }
  }
}

function isLoopback(address: string): boolean {
  if (address === 'localhost' || address === '::1') return true;
  return isIP(address) === 4 && address.startsWith('127.');
}

/** What an operator should know of configs, which hold passwords, on their way to agents; `undefined`: all is well. */
export function plaintextWarning({
  bindAddress,
  opamp,
}: Pick<Config, 'bindAddress' | 'opamp'>): string | undefined {
  if (opamp.tls || isLoopback(bindAddress)) return undefined;
  return 'the OpAMP server listens beyond this machine without TLS: configs with passwords cross the network in plain text unless a proxy in front of it ends TLS; see TENANCY_OPAMP_TLS_CERT_FILE';
}
