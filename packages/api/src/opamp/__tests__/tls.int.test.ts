import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';

import { waitFor } from '@hyperdx-tenancy/devkit/process';

import type { OpampTls } from '../../config';
import { agentMessage, answered } from './agentMessages';
import { makeAuthority } from './certificates';
import type { Certificate } from './certificates';
import { startOpamp, valueOf } from './opampFixture';
import type { StartedOpamp } from './opampFixture';
import { SocketAgent } from './socketAgent';

const authority = makeAuthority('servers');
const clients = makeAuthority('clients');
const strangers = makeAuthority('clients');

let folder: string;
let server: StartedOpamp | undefined;

async function write(name: string, content: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function tlsFiles(certificate: Certificate): Promise<OpampTls> {
  return {
    certFile: await write('cert.pem', certificate.cert),
    keyFile: await write('key.pem', certificate.key),
    clientCaFile: undefined,
    clientAuth: 'optional',
  };
}

async function start(tls: OpampTls): Promise<StartedOpamp> {
  server = await startOpamp({ config: { tls }, limits: { tlsReloadMs: 50 } });
  return server;
}

/** A poll over TLS. @throws where there is no connection. */
async function poll(port: number, own: Partial<Certificate> = {}): Promise<string | undefined> {
  const req = request({
    host: '127.0.0.1',
    port,
    path: '/t/t/v1/opamp',
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    ca: authority.cert,
    agent: false,
    ...own,
  });
  req.end(agentMessage());
  const [response] = (await once(req, 'response')) as [AsyncIterable<Buffer>];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return answered(Buffer.concat(chunks)).config;
}

/** The name in the certificate that the server shows. */
async function shownName(port: number): Promise<string> {
  const options: ConnectionOptions = { host: '127.0.0.1', port, ca: authority.cert };
  const socket = connect(options);
  await once(socket, 'secureConnect');
  const name = socket.getPeerCertificate().subject.CN;
  socket.destroy();
  return String(name);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'opamp-tls-'));
});

afterEach(async () => {
  await server?.stop();
  server = undefined;
  await rm(folder, { recursive: true });
});

it('serves polls and WebSockets over TLS, and nothing in plain text', async () => {
  const { port } = await start(await tlsFiles(authority.issue('opamp')));
  expect(await poll(port)).toBe('first config');
  const agent = await SocketAgent.open(`https://127.0.0.1:${port}/v1/opamp`, 't', {
    ca: authority.cert,
  });
  expect((await agent.ask(agentMessage())).config).toBe('first config');
  server?.fleet.offer('shared:default', 'second config');
  expect((await agent.next()).config).toBe('second config');
  await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow();
  agent.socket.terminate();
});

it('uses a certificate that was replaced, and keeps the one it has where the new one is none', async () => {
  const { port } = await start(await tlsFiles(authority.issue('before')));
  expect(await shownName(port)).toBe('before');
  await write('cert.pem', 'no certificate');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await shownName(port)).toBe('before');
  await tlsFiles(authority.issue('after'));
  await waitFor(async () => (await shownName(port)) === 'after', {
    what: 'the new certificate',
    timeoutMs: 10_000,
  });
  expect(await poll(port)).toBe('first config');
});

describe('certificates of agents', () => {
  it.each(['optional', 'required'] as const)(
    '%s: one of the authority opens',
    async (clientAuth) => {
      const { port } = await start({
        ...(await tlsFiles(authority.issue('opamp'))),
        clientCaFile: await write('ca.pem', clients.cert),
        clientAuth,
      });
      expect(await poll(port, clients.issue('agent'))).toBe('first config');
    },
  );

  it.each(['optional', 'required'] as const)(
    '%s: one of another authority, of the same name, does not',
    async (clientAuth) => {
      const { port, metrics } = await start({
        ...(await tlsFiles(authority.issue('opamp'))),
        clientCaFile: await write('ca.pem', clients.cert),
        clientAuth,
      });
      await expect(poll(port, strangers.issue('agent'))).rejects.toThrow();
      await waitFor(() => valueOf(metrics, 'opamp_refused_total{reason="tls"}'), {
        what: 'the refusal',
        timeoutMs: 5_000,
      });
    },
  );

  it('none: let in where they are optional, not where they are required', async () => {
    const tls = {
      ...(await tlsFiles(authority.issue('opamp'))),
      clientCaFile: await write('ca.pem', clients.cert),
    };
    const optional = await start({ ...tls, clientAuth: 'optional' });
    expect(await poll(optional.port)).toBe('first config');
    await optional.stop();
    const required = await start({ ...tls, clientAuth: 'required' });
    await expect(poll(required.port)).rejects.toThrow();
  });
});

describe('files that cannot be used stop the start, and their variable is named', () => {
  it.each([
    ['a certificate that is not there', { certFile: '/nowhere/cert.pem' }, 'TLS_CERT_FILE'],
    ['a key that is not there', { keyFile: '/nowhere/key.pem' }, 'TLS_KEY_FILE'],
    ['an authority that is not there', { clientCaFile: '/nowhere/ca.pem' }, 'TLS_CLIENT_CA_FILE'],
  ])('%s', async (_what, wrong, variable) => {
    const tls = { ...(await tlsFiles(authority.issue('opamp'))), ...wrong };
    await expect(start(tls)).rejects.toThrow(`TENANCY_OPAMP_${variable}: /nowhere/`);
  });

  it('a key that is of another certificate', async () => {
    const tls = await tlsFiles(authority.issue('opamp'));
    await write('key.pem', authority.issue('other').key);
    await expect(start(tls)).rejects.toThrow('TENANCY_OPAMP_TLS_KEY_FILE');
  });

  it('an authority that is none', async () => {
    const tls = await tlsFiles(authority.issue('opamp'));
    const clientCaFile = await write('ca.pem', 'nothing of the kind');
    await expect(start({ ...tls, clientCaFile })).rejects.toThrow('TLS_CLIENT_CA_FILE');
  });
});
