import { randomUUID } from 'node:crypto';

import { TenancyError } from '@hyperdx-tenancy/domain/errors';
import mongoose, { mongo } from 'mongoose';

import { flushAudit, recordChange, systemOrigin } from '../../../controllers/audit';
import type { Context } from '../../../controllers/context';
import { useServer } from '../../../fixtures';
import type { Answer } from '../../../fixtures';
import { Metrics } from '../../../metrics';
import AuditEvent from '../../../models/auditEvent';
import type { IAuditEvent } from '../../../models/auditEvent';
import CollectorToken from '../../../models/collectorToken';
import { createLogger } from '../../../utils/logger';

// Many requests a test, on engines that may be slow; none of it is about time.
jest.setTimeout(120_000);

const { server, startAgain } = useServer({ env: { TENANCY_TRUST_PROXY: 'loopback' } });

/** All that recording needs of a context. */
const context = {
  now: () => new Date(),
  log: createLogger('silent'),
  metrics: new Metrics(),
} as Context;

interface Call {
  body?: unknown;
  token?: string;
  requestId?: string;
}

function call(
  method: string,
  path: string,
  { body, token, requestId }: Call = {},
): Promise<Answer> {
  return server.request(method, `/tenancy/v1${path}`, {
    headers: {
      'x-forwarded-for': '192.0.2.7',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(requestId === undefined ? {} : { 'x-request-id': requestId }),
    },
    ...(body === undefined ? {} : { body }),
  });
}

/** What the API lists, once all outcomes are written. */
async function list(query: string): Promise<Record<string, unknown>[]> {
  await flushAudit();
  const answer = await call('GET', `/audit?${query}`);
  expect(answer.status).toBe(200);
  return answer.json['data'] as Record<string, unknown>[];
}

describe('a change', () => {
  it('is recorded with who, when, from where, what, on which tenant, before and after', async () => {
    const requestId = randomUUID();
    const earlier = new Date();
    const made = await call('POST', '/tenants', {
      body: { name: 'Acme', apiKey: 'acme-secret-key' },
      requestId,
    });
    const id = String(made.json['id']);
    const [event] = await list(`tenant=${id}`);
    expect(event).toMatchObject({
      actor: { kind: 'bootstrap', id: 'bootstrap', name: 'TENANCY_ADMIN_TOKEN' },
      address: '192.0.2.7',
      requestId,
      action: 'tenant.create',
      tenant: id,
      before: null,
      asked: { name: 'Acme', apiKey: '[redacted]' },
      after: {
        id,
        name: 'Acme',
        status: 'active',
        teams: [{ name: 'Acme', apiKey: '[redacted]' }],
      },
      outcome: 'ok',
      code: null,
    });
    expect(new Date(String(event?.['at'])).getTime()).toBeGreaterThanOrEqual(earlier.getTime());
    expect(new Date(String(event?.['endedAt'])).getTime()).toBeGreaterThanOrEqual(
      new Date(String(event?.['at'])).getTime(),
    );
  });

  it('names the operator who made it, and what there was before', async () => {
    const maker = await call('POST', '/operator-tokens', { body: { name: 'ci', role: 'admin' } });
    const token = String(maker.json['token']);
    const made = await call('POST', '/collector-tokens', {
      token,
      body: { name: 'edge', group: { kind: 'shared' } },
    });
    const id = String(made.json['id']);
    await call('DELETE', `/collector-tokens/${id}`, { token });
    const [removed, created] = await list(`actor=${String(maker.json['id'])}`);
    const actor = { kind: 'token', id: maker.json['id'], name: 'ci' };
    expect(created).toMatchObject({
      actor,
      action: 'collectorToken.create',
      subject: id,
      asked: { name: 'edge', group: { kind: 'shared' } },
      after: { id, name: 'edge', token: '[redacted]' },
    });
    expect(removed).toMatchObject({
      actor,
      action: 'collectorToken.delete',
      subject: id,
      before: { id, name: 'edge', group: { kind: 'shared' } },
      after: null,
      outcome: 'ok',
    });
  });

  it('that failed is recorded with its code', async () => {
    const requestId = randomUUID();
    await call('POST', '/tenants', { body: { name: 'Acme' }, requestId });
    await flushAudit();
    expect(await AuditEvent.findOne({ requestId }).lean()).toMatchObject({
      action: 'tenant.create',
      asked: { name: 'Acme' },
      outcome: 'failed',
      code: 'tenant_exists',
    });
  });

  it.each([
    ['that is not valid', 'POST', '/tenants', { name: '' }],
    [
      'with a prototype for a field',
      'POST',
      '/tenants',
      JSON.parse('{"name":"x","__proto__":{"a":1}}'),
    ],
    ['of what is not there', 'DELETE', `/collector-tokens/${'0'.repeat(24)}`, undefined],
  ])('%s leaves no event', async (_what, method, path, body: unknown) => {
    const before = await AuditEvent.countDocuments();
    expect((await call(method, path, { body })).status).toBeGreaterThanOrEqual(400);
    expect(await AuditEvent.countDocuments()).toBe(before);
  });

  it('leaves no secret in any event', async () => {
    const secrets = [String(server.config.adminToken), 'acme-secret-key'];
    for (const path of ['/operator-tokens', '/collector-tokens']) {
      const body = path.startsWith('/op')
        ? { name: 'x', role: 'viewer' }
        : { name: 'x', group: { kind: 'shared' } };
      const { json } = await call('POST', path, { body });
      expect(String(json['token'])).toMatch(/^hdx[oc]_/);
      secrets.push(String(json['token']));
    }
    await flushAudit();
    const stored = JSON.stringify(await AuditEvent.find().lean());
    // The positive control: what is no secret is there.
    expect(stored).toContain('Acme');
    for (const secret of secrets) expect(stored).not.toContain(secret);
  });
});

describe('the event', () => {
  it('is there before the change is made, without an outcome', async () => {
    let during: IAuditEvent | null = null;
    const subject = randomUUID();
    await recordChange(
      systemOrigin('reconcile'),
      { action: 'tenant.retry', subject, before: { status: 'provisioning' } },
      async () => {
        during = await AuditEvent.findOne({ subject }).lean<IAuditEvent>();
      },
      () => ({ tenant: '0'.repeat(24), after: { status: 'active' } }),
      context,
    );
    expect(during).toMatchObject({
      outcome: null,
      endedAt: null,
      before: { status: 'provisioning' },
    });
    const [event] = await list(`tenant=${'0'.repeat(24)}`);
    expect(event).toMatchObject({
      actor: { kind: 'system', id: 'reconcile', name: 'reconcile' },
      address: null,
      requestId: null,
      outcome: 'ok',
      after: { status: 'active' },
    });
  });

  it('keeps its missing outcome where the change never ended', async () => {
    const subject = randomUUID();
    // As after a crash: nobody comes back to it.
    void recordChange(
      systemOrigin('reconcile'),
      { action: 'tenant.retry', subject },
      () => new Promise(() => undefined),
      () => ({}),
      context,
    );
    let event: IAuditEvent | null = null;
    for (let i = 0; i < 100 && !event; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      event = await AuditEvent.findOne({ subject }).lean<IAuditEvent>();
    }
    expect(event).toMatchObject({ outcome: null, code: null, endedAt: null });
  });

  it('takes the code of what the change threw, and lets it through', async () => {
    for (const [thrown, code] of [
      [new TenancyError('operation_running', 'busy'), 'operation_running'],
      [new Error('a text that may hold anything'), 'internal'],
    ] as const) {
      const subject = randomUUID();
      const failing = recordChange(
        systemOrigin('reconcile'),
        { action: 'tenant.retry', subject },
        () => Promise.reject(thrown),
        () => ({}),
        context,
      );
      await expect(failing).rejects.toBe(thrown);
      await flushAudit();
      const event = await AuditEvent.findOne({ subject }).lean();
      expect(event).toMatchObject({ outcome: 'failed', code });
      expect(JSON.stringify(event)).not.toContain('a text that may hold anything');
    }
  });

  it('that cannot be written stops the change', async () => {
    const events = mongoose.connection.collection('tenancyaudit');
    // The server itself refuses the second event of this request id.
    const requestId = randomUUID();
    await AuditEvent.deleteMany({ requestId: null });
    await events.createIndex({ requestId: 1 }, { unique: true, name: 'one_a_request' }, {});
    try {
      const body = { name: 'once', group: { kind: 'shared' } };
      expect((await call('POST', '/collector-tokens', { body, requestId })).status).toBe(201);
      const refused = await call('POST', '/collector-tokens', { body, requestId });
      expect([refused.status, refused.json['code']]).toEqual([503, 'audit_unavailable']);
      expect(await CollectorToken.countDocuments({ name: 'once' })).toBe(1);
    } finally {
      await events.dropIndex('one_a_request');
    }
  });

  it('has its outcome when the service has stopped, after a short outage of MongoDB too', async () => {
    const requestId = randomUUID();
    const write = jest.spyOn(AuditEvent, 'updateOne');
    for (let i = 0; i < 4; i += 1) {
      write.mockRejectedValueOnce(new mongo.MongoNetworkError('connection closed'));
    }
    const body = { name: 'last', group: { kind: 'shared' } };
    expect((await call('POST', '/collector-tokens', { body, requestId })).status).toBe(201);
    await server.stop();
    expect(write).toHaveBeenCalledTimes(5);
    write.mockRestore();

    const own = await mongoose.createConnection(server.config.mongoUri).asPromise();
    const event = await own.collection('tenancyaudit').findOne({ requestId });
    await own.close();
    await startAgain();
    expect(event).toMatchObject({ outcome: 'ok' });
  });
});

describe('GET /tenancy/v1/audit', () => {
  const COUNT = 603;
  const start = Date.UTC(2026, 0, 1);
  const tenant = 'c'.repeat(24);

  beforeAll(async () => {
    await AuditEvent.deleteMany();
    await AuditEvent.insertMany(
      Array.from({ length: COUNT }, (_, i) => ({
        // Many of one millisecond, across the ends of pages too.
        at: new Date(start + Math.floor(i / 100) * 1_000),
        actor: { kind: 'system', id: i % 2 === 0 ? 'even' : 'odd', name: 'test' },
        action: i % 3 === 0 ? 'tenant.retry' : 'tenant.create',
        tenant: i % 10 === 0 ? tenant : null,
        subject: String(i),
      })),
    );
  }, 60_000);

  async function pages(query: string): Promise<Record<string, unknown>[]> {
    const seen: Record<string, unknown>[] = [];
    let after = '';
    do {
      const answer = await call('GET', `/audit?${query}${after}`);
      expect(answer.status).toBe(200);
      seen.push(...(answer.json['data'] as Record<string, unknown>[]));
      after = typeof answer.json['next'] === 'string' ? `&after=${answer.json['next']}` : '';
    } while (after !== '');
    return seen;
  }

  it.each([70, 299, 500])(
    'pages through all events, newest first, each once: %s a page',
    async (limit) => {
      const seen = await pages(`limit=${limit}`);
      expect(seen).toHaveLength(COUNT);
      expect(new Set(seen.map(({ id }) => id)).size).toBe(COUNT);
      const times = seen.map(({ at }) => String(at));
      expect(times).toEqual([...times].sort().reverse());
    },
  );

  it('misses and repeats nothing where events are added while one reads', async () => {
    const first = await call('GET', '/audit?limit=10&actor=odd');
    await AuditEvent.create({
      at: new Date(),
      actor: { kind: 'system', id: 'odd', name: 'test' },
      action: 'tenant.retry',
    });
    const second = await call(
      'GET',
      `/audit?limit=10&actor=odd&after=${String(first.json['next'])}`,
    );
    const subjects = [first, second].flatMap(({ json }) =>
      (json['data'] as { subject: string }[]).map(({ subject }) => Number(subject)),
    );
    expect(new Set(subjects).size).toBe(20);
    await AuditEvent.deleteOne({ subject: null });
  });

  it.each([
    [`tenant=${tenant}`, 61],
    ['action=tenant.retry', 201],
    ['actor=even', 302],
    [`tenant=${tenant}&action=tenant.retry&actor=even`, 21],
    [`since=${new Date(start + 5_000).toISOString()}`, 103],
    [`until=${new Date(start + 1_000).toISOString()}`, 100],
    ['since=2026-01-01T01:00:02%2B01:00&until=2026-01-01T00:00:04Z', 200],
    [`tenant=${'d'.repeat(24)}`, 0],
  ])('?%s finds %s', async (query, count) => {
    expect(await pages(`limit=150&${query}`)).toHaveLength(count);
  });

  it.each([
    'limit=0',
    'limit=501',
    'limit=all',
    'after=zz',
    `after=1.${'0'.repeat(23)}`,
    'tenant=acme',
    'tenant[$ne]=x',
    'action=tenant.explode',
    'since=yesterday',
    'until=2026-01-01T00:00:00',
    'actor=',
    'color=red',
  ])('refuses ?%s', async (query) => {
    const answer = await call('GET', `/audit?${query}`);
    expect([answer.status, answer.json['code']]).toEqual([400, 'invalid_request']);
  });
});
