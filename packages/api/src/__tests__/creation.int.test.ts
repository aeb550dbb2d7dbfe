import { waitFor } from '@hyperdx-tenancy/devkit/process';
import mongoose from 'mongoose';

import { createContext } from '../controllers/context';
import type { Context } from '../controllers/context';
import { tenantRequest } from '../controllers/idempotency';
import { holdLease, takeLease } from '../controllers/lease';
import { createTenant } from '../controllers/tenant';
import { claimTenant } from '../controllers/tenantClaim';
import { useServer } from '../fixtures';
import Source from '../models/source';
import Team from '../models/team';
import Tenant from '../models/tenant';
import { createLogger } from '../utils/logger';

const { server } = useServer();
let context: Context;

beforeAll(() => {
  context = createContext(server.config, createLogger('silent'));
});

afterAll(() => context.targets.close());

const inMinutes = (minutes: number): Date => new Date(Date.now() + minutes * 60_000);

describe('two calls on one tenant', () => {
  it('never puts back a tenant that became active between a look and a grasp', async () => {
    const made = await createTenant({ name: 'Made meanwhile' }, context);
    const stale = await Tenant.findById(made.id);
    expect(
      await takeLease(stale!._id, { status: { $in: ['provisioning', 'failed'] } }, context),
    ).toBeNull();
    await expect(createTenant({ name: 'Made meanwhile' }, context)).rejects.toMatchObject({
      code: 'tenant_exists',
    });
    expect((await Tenant.findById(made.id).lean())?.status).toBe('active');
  });

  it('keeps two operations of one process apart: who lost the lease writes nothing', async () => {
    const { tenant, hold } = await claimTenant({ name: 'Two operations' }, context);
    // As if MongoDB had been away for longer than the lease lasts.
    await Tenant.updateOne({ _id: tenant._id }, { 'lease.expiresAt': inMinutes(-1) });
    const taken = await takeLease(tenant._id, { status: 'provisioning' }, context);
    expect(taken?.attempt).toBe(2);
    await expect(hold.update({ step: 'documents' })).rejects.toMatchObject({
      code: 'operation_running',
    });
    await expect(hold.release({ status: 'active' })).rejects.toMatchObject({
      code: 'operation_running',
    });
    expect(await Tenant.findById(tenant._id).lean()).toMatchObject({
      status: 'provisioning',
      step: 'team',
    });
    await holdLease(taken!, context).release({ status: 'failed' });
  });

  it('tells the second for how long the first may take', async () => {
    const { hold } = await claimTenant({ name: 'Taken' }, context);
    const answer = await server.request('POST', '/tenancy/v1/tenants', { body: { name: 'Taken' } });
    expect([answer.status, answer.json['code']]).toEqual([409, 'operation_running']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    await hold.release({ status: 'failed' });
  });
});

describe('without waiting', () => {
  it('answers 202 with an address to ask at, and the tenant becomes active', async () => {
    const answer = await server.request('POST', '/tenancy/v1/tenants', {
      body: { name: 'Later' },
      headers: { prefer: 'wait=1, respond-async' },
    });
    expect([answer.status, answer.json['status']]).toEqual([202, 'provisioning']);
    const address = answer.headers.get('location') ?? '';
    await waitFor(async () => (await server.request('GET', address)).json['status'] === 'active', {
      what: 'the tenant to be active',
      timeoutMs: 20_000,
    });
  });

  it('says what is wrong with a request at once', async () => {
    const headers = { prefer: 'respond-async' };
    const bad = await server.request('POST', '/tenancy/v1/tenants', {
      body: { name: '' },
      headers,
    });
    expect(bad.status).toBe(400);
    const known = await server.request('POST', '/tenancy/v1/tenants', {
      body: { name: 'Later' },
      headers,
    });
    expect(known.status).toBe(409);
  });
});

describe('Idempotency-Key', () => {
  const post = (key: string, body: unknown) =>
    server.request('POST', '/tenancy/v1/tenants', { body, headers: { 'idempotency-key': key } });

  it('gives the same tenant for the same request, however often and in whatever order', async () => {
    const first = await post('pipeline-1', { name: 'Piped', apiKey: 'piped-key' });
    expect(first.status).toBe(201);
    const again = await post('pipeline-1', { apiKey: 'piped-key', name: 'Piped' });
    expect([again.status, again.json]).toEqual([201, first.json]);
    expect(await Tenant.countDocuments({ nameKey: 'piped' })).toBe(1);
  });

  it('refuses another request with it, and changes nothing', async () => {
    const before = await Tenant.countDocuments();
    const other = await post('pipeline-1', { name: 'Piped differently' });
    expect([other.status, other.json['code']]).toEqual([422, 'idempotency_key_reused']);
    expect(await Tenant.countDocuments()).toBe(before);
  });

  it('completes what the same request began', async () => {
    const { tenant, hold } = await claimTenant(
      { name: 'Half piped' },
      context,
      tenantRequest('pipeline-2', { name: 'Half piped' }),
    );
    await hold.release({ status: 'failed' });
    const done = await post('pipeline-2', { name: 'Half piped' });
    expect([done.status, done.json['id'], done.json['status']]).toEqual([
      201,
      tenant._id.toHexString(),
      'active',
    ]);
  });

  it('says for a name that somebody else took what it says without a key', async () => {
    const taken = await post('pipeline-3', { name: 'Piped' });
    expect([taken.status, taken.json['code']]).toEqual([409, 'tenant_exists']);
  });

  it('lets many requests with no key, and many with one, stand beside each other', async () => {
    const names = ['No key 1', 'No key 2', 'No key 3'];
    for (const name of names) {
      expect((await server.request('POST', '/tenancy/v1/tenants', { body: { name } })).status).toBe(
        201,
      );
    }
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => post('pipeline-4', { name: 'Piped at once' })),
    );
    expect(answers.filter(({ status }) => status === 201).length).toBeGreaterThanOrEqual(1);
    expect(answers.every(({ status }) => status === 201 || status === 409)).toBe(true);
    expect(await Tenant.countDocuments({ nameKey: 'piped at once' })).toBe(1);
  });

  it.each(['with space', 'x'.repeat(256)])('refuses a key that is none: %s', async (key) => {
    const answer = await post(key, { name: 'Never' });
    expect(answer.status).toBe(400);
    expect(answer.json['message']).toContain('Idempotency-Key');
  });
});

describe('POST /tenants/:id/retry', () => {
  it('completes a tenant that failed, and refuses any other', async () => {
    const { tenant, hold } = await claimTenant({ name: 'Once more' }, context);
    const id = tenant._id.toHexString();
    const retry = () => server.request('POST', `/tenancy/v1/tenants/${id}/retry`);
    const busy = await retry();
    expect([busy.status, busy.json['code']]).toEqual([409, 'operation_running']);
    await hold.release({ status: 'failed' });
    const done = await retry();
    expect([done.status, done.json['status'], done.json['id']]).toEqual([200, 'active', id]);
    const again = await retry();
    expect([again.status, again.json['code']]).toEqual([409, 'tenant_exists']);
    const none = await server.request('POST', `/tenancy/v1/tenants/${'0'.repeat(24)}/retry`);
    expect([none.status, none.json['code']]).toEqual([404, 'tenant_not_found']);
  });
});

describe('after a crash', () => {
  /** What a process leaves that is killed right after it wrote this. */
  async function crashAt(name: string, step: string, apiKey: string): Promise<string> {
    const { tenant, hold } = await claimTenant({ name, apiKey }, context);
    await hold.release({ step: step as 'team' });
    await Tenant.updateOne(
      { _id: tenant._id },
      { lease: { owner: 'dead', expiresAt: inMinutes(-1) } },
    );
    return tenant._id.toHexString();
  }

  it('completes what is there, whatever was reached', async () => {
    for (const step of ['team', 'tables', 'access', 'documents']) {
      const id = await crashAt(`Crashed at ${step}`, step, `crashed-at-${step}`);
      const done = await createTenant({ name: `Crashed at ${step}` }, context);
      expect(done).toMatchObject({
        id,
        status: 'active',
        teams: [{ apiKey: `crashed-at-${step}` }],
      });
      expect(await Team.countDocuments({ tenant: id })).toBe(1);
      expect(await Source.countDocuments({ team: done.teams[0]?.id })).toBe(4);
    }
  });

  it('does not make a name useless whose key was taken by another team meanwhile', async () => {
    const id = await crashAt('Slow', 'team', 'contested-key');
    await createTenant({ name: 'Quick', apiKey: 'contested-key' }, context);
    await expect(createTenant({ name: 'Slow' }, context)).rejects.toMatchObject({
      code: 'ingestion_key_taken',
    });
    const done = await createTenant({ name: 'Slow', apiKey: 'another-key' }, context);
    expect(done).toMatchObject({ id, status: 'active', teams: [{ apiKey: 'another-key' }] });
  });

  it('does not change the key of a team that exists', async () => {
    const { tenant, hold } = await claimTenant(
      { name: 'Half made', apiKey: 'the-first-key' },
      context,
    );
    await Team.create({
      _id: tenant.members.team,
      name: 'Half made',
      tenant: tenant._id,
      apiKey: 'the-first-key',
    });
    await hold.release({ status: 'failed' });
    await expect(
      createTenant({ name: 'Half made', apiKey: 'a-second-key' }, context),
    ).rejects.toMatchObject({
      code: 'request_changed',
    });
    expect((await createTenant({ name: 'Half made' }, context)).teams).toMatchObject([
      { apiKey: 'the-first-key' },
    ]);
  });
});

describe('a team document that is not as it should be', () => {
  it.each([
    ['a tenant that is text', { tenant: 'not an id' }],
    ['no tenant', {}],
    ['no key', { tenant: new mongoose.Types.ObjectId(), apiKey: undefined }],
  ])('with %s stops nobody else’s config', async (_what, fields) => {
    const odd = { name: 'odd', apiKey: `odd-${Math.random()}`, ...fields };
    await mongoose.connection.collection('teams').insertOne(odd);
    const { token } = (
      await server.request('POST', '/tenancy/v1/collector-tokens', {
        body: { name: 'x', group: { kind: 'shared' } },
      })
    ).json as { token: string };
    // The token is known only once everything was read again.
    let status = 0;
    for (let i = 0; i < 100 && status !== 400; i += 1) {
      const answer = await fetch(`${server.opampUrl}/v1/opamp`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-protobuf' },
        body: '',
      });
      status = answer.status;
      if (status !== 400) await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(status).toBe(400);
  });
});
