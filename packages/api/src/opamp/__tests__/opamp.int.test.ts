import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

import { waitFor } from '@hyperdx-tenancy/devkit/process';

import { announceChange } from '../../controllers/revisions';
import { useServer } from '../../fixtures';
import Tenant from '../../models/tenant';
import { createLogger } from '../../utils/logger';
import { opamp } from '../proto/gen/opamp';

const { AgentToServer, ServerToAgent } = opamp.proto;

const { server } = useServer();

interface Polled {
  status: number;
  text: string;
  message: opamp.proto.ServerToAgent;
  /** The config in the answer, if there is one. */
  config: string | undefined;
  hash: Buffer;
}

const uid = Buffer.from('0192f0c1b2a37000800000000000abcd', 'hex');

function message(fields: opamp.proto.AgentToServer.$Properties = {}): Uint8Array {
  return AgentToServer.encode({
    instanceUid: uid,
    sequenceNum: 1,
    capabilities: 0x2 | 0x1000 | 0x2000,
    agentDescription: {},
    ...fields,
  }).finish();
}

/** Sends a message as a collector does. `token` goes into the header unless `path` says otherwise. */
async function poll(
  token: string | undefined,
  options: {
    path?: string;
    method?: string;
    body?: Uint8Array;
    headers?: Record<string, string>;
  } = {},
): Promise<Polled> {
  const method = options.method ?? 'POST';
  const response = await fetch(`${server.opampUrl}${options.path ?? '/v1/opamp'}`, {
    method,
    headers: {
      'content-type': 'application/x-protobuf',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...options.headers,
    },
    ...(method === 'GET' ? {} : { body: Buffer.from(options.body ?? message()) }),
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const isMessage = response.headers.get('content-type') === 'application/x-protobuf';
  const decoded = isMessage ? ServerToAgent.decode(bytes) : ServerToAgent.create();
  const body = decoded.remoteConfig?.config?.configMap?.[0]?.value?.body;
  return {
    status: response.status,
    text: bytes.toString(),
    message: decoded,
    config: body ? Buffer.from(body).toString() : undefined,
    hash: Buffer.from(decoded.remoteConfig?.configHash ?? []),
  };
}

const shared = (): string => server.config.collectorToken ?? '';

interface Made {
  id: string;
  team: string;
  apiKey: string;
}

async function makeTenant(name: string): Promise<Made> {
  const { json } = await server.request('POST', '/tenancy/v1/tenants', { body: { name } });
  const [team] = json['teams'] as { id: string; apiKey: string }[];
  return { id: String(json['id']), team: team?.id ?? '', apiKey: team?.apiKey ?? '' };
}

async function makeToken(group: object): Promise<{ id: string; token: string }> {
  const { status, json } = await server.request('POST', '/tenancy/v1/collector-tokens', {
    body: { name: 'test', group },
  });
  expect(status).toBe(201);
  return { id: String(json['id']), token: String(json['token']) };
}

/** The shared config, once it says something of this tenant. */
async function configWith(token: string, text: string): Promise<Polled> {
  return waitFor(
    async () => {
      const polled = await poll(token);
      return polled.config?.includes(text) === true ? polled : undefined;
    },
    { what: `a config with ${text}`, timeoutMs: 10_000 },
  );
}

describe('what a collector gets', () => {
  it('is a config whose hash is that of its bytes, also with no tenant', async () => {
    const { status, config, hash, message: answer } = await poll(shared());
    expect(status).toBe(200);
    expect(config).toContain('"otlp/hyperdx"');
    expect(hash).toEqual(
      createHash('sha256')
        .update(config ?? '')
        .digest(),
    );
    expect(Buffer.from(answer.instanceUid)).toEqual(uid);
    expect(Number(answer.connectionSettings?.opamp?.heartbeatIntervalSeconds)).toBe(5);
  });

  it('changes when a tenant comes, and is not sent again to who has it', async () => {
    const tenant = await makeTenant('Acme');
    const { hash, config } = await configWith(shared(), `otel_logs_${tenant.id}`);
    expect(config).toContain(tenant.apiKey);
    const status = { lastRemoteConfigHash: hash, status: 1 };
    const inStep = await poll(shared(), {
      body: message({ sequenceNum: 1, remoteConfigStatus: status }),
    });
    expect(inStep.status).toBe(200);
    expect(inStep.config).toBeUndefined();
    // A message without news, as polls are.
    const quiet = await poll(shared(), {
      body: AgentToServer.encode({
        instanceUid: uid,
        sequenceNum: 2,
        capabilities: 0x3002,
      }).finish(),
    });
    expect(quiet.config).toBeUndefined();
    expect(Number(quiet.message.flags)).toBe(0);
  });

  it('holds nothing of a tenant that is not complete', async () => {
    const half = await makeTenant('Half');
    await configWith(shared(), half.id);
    await Tenant.updateOne({ _id: half.id }, { status: 'failed' });
    await announceChange('collectors', createLogger('silent'), { tenants: [half.id] });
    const next = await makeTenant('After half');
    const { config } = await configWith(shared(), next.id);
    expect(config).not.toContain(half.id);
    expect(config).not.toContain(half.apiKey);
  });

  it('takes the token from the path as well', async () => {
    expect((await poll(undefined, { path: `/t/${shared()}/v1/opamp` })).config).toContain(
      '"otlp/hyperdx"',
    );
  });

  it('reads a gzipped message', async () => {
    const polled = await poll(shared(), {
      body: gzipSync(message()),
      headers: { 'content-encoding': 'gzip' },
    });
    expect(polled.status).toBe(200);
    expect(polled.config).toBeDefined();
  });
});

describe('who gets it', () => {
  it("opens one team's dedicated group and nothing of anyone else's", async () => {
    const a = await makeTenant('Dedicated A');
    const b = await makeTenant('Dedicated B');
    const { token } = await makeToken({ kind: 'dedicated', team: a.team });
    const { config } = await configWith(token, a.id);
    for (const secret of [b.id, b.apiKey, b.team]) expect(config).not.toContain(secret);
    // Nor by any message: not with the other's ids for an instance, not with another group's agent's uid.
    const asOther = await poll(token, {
      body: message({ instanceUid: Buffer.from(b.id.padEnd(32, '0'), 'hex') }),
    });
    expect(asOther.config).toBe(config);
  });

  it('refuses whoever has no collector token, whatever else they have', async () => {
    const tenant = await makeTenant('Key holder');
    for (const token of [
      undefined,
      '',
      'wrong',
      tenant.apiKey,
      tenant.id,
      tenant.team,
      server.config.adminToken,
      server.config.secret,
      `${shared()}x`,
      createHash('sha256').update(shared()).digest('hex'),
    ]) {
      const polled = await poll(token);
      expect([token, polled.status]).toEqual([token, 401]);
      expect(JSON.parse(polled.text)).toEqual({
        code: 'unauthorized',
        message: expect.any(String) as string,
      });
      expect(polled.text).not.toContain(tenant.id);
      if (token)
        expect(
          (await poll(undefined, { path: `/t/${encodeURIComponent(token)}/v1/opamp` })).status,
        ).toBe(401);
    }
    // A wrong token in the path is not made good by a right one in the header.
    expect((await poll(shared(), { path: '/t/wrong/v1/opamp' })).status).toBe(401);
  });

  it('counts nobody as connected whose token was revoked or replaced', async () => {
    const connected = async (): Promise<string> => {
      const metrics = await (await fetch(server.metricsUrl)).text();
      const { groupId } = named;
      const { json } = await server.request('GET', `/tenancy/v1/collector-agents?group=${groupId}`);
      const shown = (json['data'] as { connected: boolean }[]).map((agent) => agent.connected);
      const counted = /opamp_agents_connected\{group="named"\} (\d+)/.exec(metrics)?.[1];
      return `${shown.join()} ${counted ?? ''}`;
    };
    const shows = (what: string) =>
      waitFor(async () => (await connected()) === what, { what, timeoutMs: 10_000 });
    const named = { kind: 'named', name: 'ended', groupId: 'named:ended' };
    const { groupId: _id, ...group } = named;
    await server.request('POST', '/tenancy/v1/collector-groups', { body: { name: named.name } });
    for (const end of ['revoke', 'rotate'] as const) {
      const { id, token } = await makeToken(group);
      const path = `/tenancy/v1/collector-tokens/${id}`;
      await waitFor(async () => (await poll(token)).status === 200, {
        what: 'the token to be good',
        timeoutMs: 10_000,
      });
      await shows('true 1');
      if (end === 'revoke') await server.request('DELETE', path);
      else await server.request('POST', `${path}/rotate`, { body: { overlapMinutes: 0 } });
      // At once to whoever looks, and for good once this process knows.
      expect(await connected()).toMatch(/^false /);
      await shows('false 0');
    }
  });

  it('refuses a token that was revoked', async () => {
    const { id, token } = await makeToken({ kind: 'shared' });
    await waitFor(async () => (await poll(token)).status === 200, {
      what: 'the token to be let in',
      timeoutMs: 10_000,
    });
    const list = await server.request('GET', '/tenancy/v1/collector-tokens');
    expect(list.text).toContain(id);
    expect(list.text).not.toContain(token);
    expect((await server.request('DELETE', `/tenancy/v1/collector-tokens/${id}`)).status).toBe(204);
    await waitFor(async () => (await poll(token)).status === 403, {
      what: 'the token to be refused',
      timeoutMs: 10_000,
    });
    expect(JSON.parse((await poll(token)).text)).toMatchObject({ code: 'token_revoked' });
    expect((await server.request('DELETE', `/tenancy/v1/collector-tokens/${id}`)).status).toBe(204);
  });

  it.each([
    [
      'an unknown team',
      { name: 'x', group: { kind: 'dedicated', team: 'f'.repeat(24) } },
      'group.team',
    ],
    ['no team', { name: 'x', group: { kind: 'dedicated' } }, 'group.team'],
    ['an unknown kind', { name: 'x', group: { kind: 'everything' } }, 'group'],
    [
      'a team for the shared group',
      { name: 'x', group: { kind: 'shared', team: 'f'.repeat(24) } },
      'team',
    ],
    ['no name', { group: { kind: 'shared' } }, 'name'],
  ])('makes no token for %s', async (_what, body, field) => {
    const { status, json } = await server.request('POST', '/tenancy/v1/collector-tokens', { body });
    expect(status).toBe(400);
    expect(json).toEqual({
      code: 'invalid_request',
      message: expect.stringContaining(field) as string,
    });
  });
});

describe('what it refuses', () => {
  it.each([
    ['another method', () => poll(shared(), { method: 'GET' }), 405, 'method_not_allowed'],
    [
      'another type',
      () => poll(shared(), { headers: { 'content-type': 'application/json' } }),
      415,
      'unsupported_media_type',
    ],
    [
      'another encoding',
      () => poll(shared(), { headers: { 'content-encoding': 'br' } }),
      415,
      'unsupported_media_type',
    ],
    [
      'a body over the limit',
      () => poll(shared(), { body: Buffer.alloc(10 * 1024 * 1024 + 1) }),
      413,
      'payload_too_large',
    ],
    [
      'a body that inflates over the limit',
      () =>
        poll(shared(), {
          body: gzipSync(Buffer.alloc(11 * 1024 * 1024)),
          headers: { 'content-encoding': 'gzip' },
        }),
      413,
      'payload_too_large',
    ],
    ['another path', () => poll(shared(), { path: '/v2/opamp' }), 404, 'not_found'],
  ])('%s', async (_what, request, status, code) => {
    const polled = await request();
    expect(polled.status).toBe(status);
    expect(JSON.parse(polled.text)).toEqual({ code, message: expect.any(String) as string });
    // And goes on to serve.
    expect((await poll(shared())).status).toBe(200);
  });

  it.each([
    ['what is no protobuf', Buffer.from('hello there'), {}],
    ['nothing', Buffer.alloc(0), {}],
    ['what is no gzip', message(), { 'content-encoding': 'gzip' }],
  ])('%s, as OpAMP says it: BadRequest', async (_what, body, headers) => {
    const { status, message: answer } = await poll(shared(), { body, headers });
    expect(status).toBe(400);
    expect(Number(answer.errorResponse?.type)).toBe(1);
    expect(answer.errorResponse?.errorMessage).toMatch(/^(body|instance_uid): /);
    expect((await poll(shared())).status).toBe(200);
  });

  it('reads no body of who has no token', async () => {
    const polled = await poll('wrong', { body: Buffer.from('not even protobuf') });
    expect(polled.status).toBe(401);
  });
});
