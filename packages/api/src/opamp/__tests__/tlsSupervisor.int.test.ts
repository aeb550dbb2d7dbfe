import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startSupervisor } from '@hyperdx-tenancy/devkit/collector';
import type { Supervisor } from '@hyperdx-tenancy/devkit/collector';
import { waitFor } from '@hyperdx-tenancy/devkit/process';

import type { OpampTls } from '../../config';
import { makeAuthority } from './certificates';
import type { Authority } from './certificates';
import { startOpamp, valueOf } from './opampFixture';
import type { StartedOpamp } from './opampFixture';

// Real supervisors, which bring TLS of their own.

const SHARD = 'shared:default';
const servers = makeAuthority('servers');
const PATIENCE = { timeoutMs: 90_000 };

jest.setTimeout(240_000);

let folder: string;
let opamp: StartedOpamp;
const supervisors: Supervisor[] = [];

const at = (name: string): string => join(folder, name);

/** Puts a certificate for either end, and the authority of agents' ones, in place of those that are there. */
async function renew(clients: Authority): Promise<void> {
  const [server, agent] = [servers.issue('opamp'), clients.issue('agent')];
  await Promise.all(
    Object.entries({
      'servers.pem': servers.cert,
      'clients.pem': clients.cert,
      'server.pem': server.cert,
      'server.key': server.key,
      'agent.pem': agent.cert,
      'agent.key': agent.key,
    }).map(([name, text]) => writeFile(at(name), text)),
  );
}

function serve(port?: number): Promise<StartedOpamp> {
  const tls: OpampTls = {
    certFile: at('server.pem'),
    keyFile: at('server.key'),
    clientCaFile: at('clients.pem'),
    clientAuth: 'required',
  };
  return startOpamp({
    config: { tls },
    limits: { tlsReloadMs: 50 },
    ...(port === undefined ? {} : { port }),
  });
}

/** @param certified whether it shows a certificate of its own. */
async function supervise(scheme: 'https' | 'wss', certified: boolean): Promise<Supervisor> {
  const supervisor = await startSupervisor({
    opampUrl: `${scheme}://127.0.0.1:${opamp.port}/t/t`,
    env: {
      OPAMP_TLS_CA_FILE: at('servers.pem'),
      OPAMP_TLS_RELOAD_INTERVAL: '100ms',
      ...(certified
        ? { OPAMP_TLS_CERT_FILE: at('agent.pem'), OPAMP_TLS_KEY_FILE: at('agent.key') }
        : {}),
    },
  });
  supervisors.push(supervisor);
  return supervisor;
}

/** Offers a config that collectors run, and that is told from others by a word in it. */
function offer(word: string): void {
  const [receiver, exporter] = [`nop/${word}`, `debug/${word}`];
  const config = {
    receivers: { [receiver]: {} },
    exporters: { [exporter]: {} },
    service: { pipelines: { logs: { receivers: [receiver], exporters: [exporter] } } },
  };
  opamp.fleet.offer(SHARD, JSON.stringify(config));
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'opamp-tls-'));
  await renew(makeAuthority('clients'));
  opamp = await serve();
  offer('first');
});

afterEach(async () => {
  await Promise.all(supervisors.splice(0).map((supervisor) => supervisor.stop()));
  await opamp.stop();
  await rm(folder, { recursive: true });
}, 60_000);

it.each(['https', 'wss'] as const)(
  'over %s: served with its certificate, and with a renewed one while it runs',
  async (scheme) => {
    const supervisor = await supervise(scheme, true);
    await supervisor.waitForConfig('nop/first', PATIENCE);
    const { pid } = supervisor;

    // From another authority: whoever shows the former certificate gets in no more.
    await renew(makeAuthority('clients'));
    await opamp.stop();
    opamp = await serve(opamp.port);
    offer('second');
    await supervisor.waitForConfig('nop/second', PATIENCE);
    expect(supervisor.pid).toBe(pid);
    expect(await valueOf(opamp.metrics, 'opamp_refused_total{reason="tls"}')).toBeFalsy();
  },
);

it.each(['https', 'wss'] as const)('over %s: refused without a certificate', async (scheme) => {
  const supervisor = await supervise(scheme, false);
  await waitFor(
    async () => Number(await valueOf(opamp.metrics, 'opamp_refused_total{reason="tls"}')) >= 2,
    { ...PATIENCE, what: 'two refusals' },
  );
  expect(supervisor.effectiveConfig()).not.toContain('nop/first');
  expect(opamp.agentLog.notes).toEqual([]);
});
