import { quotaResources } from '../access';
import { platformSettings } from '../plans';
import type { AuditAction } from './audit';

/** The kinds of thing that are changed: what stands before the dot of an action. */
export type AuditNoun = AuditAction extends `${infer Noun}.${string}` ? Noun : never;

/**
 * What is recorded of a value. `plain`: text, numbers, truth values, and lists of them. `secret`: only that there
 * is one. Fields: those of an object, or of each object in a list.
 */
type Recorded = 'plain' | 'secret' | { readonly [field: string]: Recorded };

const common = { id: 'plain', name: 'plain', createdAt: 'plain', updatedAt: 'plain' } as const;

/** Every setting is a number or a word. */
const overrides: Recorded = (() => {
  const { retentionHours, reader, writer } = platformSettings;
  const each = (group: object): Recorded =>
    Object.fromEntries(Object.keys(group).map((name) => [name, 'plain']));
  const intervals: Recorded = Object.fromEntries(
    ['seconds', ...Object.keys(quotaResources)].map((name) => [name, 'plain']),
  );
  return {
    partitioning: 'plain',
    retentionHours: each(retentionHours),
    reader: each(reader),
    writer: each(writer),
    quota: { reader: intervals, writer: intervals },
  };
})();

const rolloutPolicy: Recorded = {
  canary: { count: 'plain', percent: 'plain' },
  healthySeconds: 'plain',
  timeoutSeconds: 'plain',
};

/**
 * The fields that the audit records, by noun. A field that is not listed here is recorded as redacted, so that a
 * new one shows nothing before somebody has thought about it.
 */
const recordedFields: Record<AuditNoun, { readonly [field: string]: Recorded }> = {
  tenant: {
    ...common,
    status: 'plain',
    target: 'plain',
    plan: 'plain',
    settings: overrides,
    force: 'plain',
    schemaVersion: 'plain',
    change: {
      kind: 'plain',
      step: 'plain',
      attempt: 'plain',
      since: 'plain',
      lastError: { code: 'plain', message: 'plain', at: 'plain' },
    },
    apiKey: 'secret',
    provisioning: {
      step: 'plain',
      attempt: 'plain',
      lastError: { code: 'plain', message: 'plain', at: 'plain' },
    },
    teams: { id: 'plain', name: 'plain', apiKey: 'secret' },
  },
  secret: { left: 'plain' },
  plan: { target: 'plain', tenants: 'plain' },
  invitation: { email: 'plain', name: 'plain', team: 'plain', url: 'secret', expiresAt: 'plain' },
  support: {
    id: 'plain',
    tenant: 'plain',
    team: 'plain',
    user: 'plain',
    email: 'plain',
    reason: 'plain',
    minutes: 'plain',
    startedAt: 'plain',
    expiresAt: 'plain',
    endedAt: 'plain',
  },
  collectorToken: {
    ...common,
    group: {
      kind: 'plain',
      target: 'plain',
      team: 'plain',
      name: 'plain',
      shard: 'plain',
      quarantine: 'plain',
    },
    groupId: 'plain',
    state: 'plain',
    overlapMinutes: 'plain',
    expiresAt: 'plain',
    revokedAt: 'plain',
    replacedBy: 'plain',
    token: 'secret',
  },
  collectorGroup: {
    ...common,
    kind: 'plain',
    target: 'plain',
    // `all`, or tenants.
    members: 'plain',
    shards: 'plain',
    exclusive: 'plain',
    options: {
      memoryLimitMiB: 'plain',
      queue: { maxMiB: 'plain', storageDirectory: 'plain' },
      // Scrape configs may name credentials.
      receivers: { fluentforward: { endpoint: 'plain' }, prometheus: 'secret' },
      quarantineEndpoint: 'plain',
    },
    // What operators write there may hold credentials.
    fragment: 'secret',
    rollout: rolloutPolicy,
    quarantine: 'plain',
    version: 'plain',
  },
  collectorConfig: { id: 'plain', hash: 'plain', bytes: 'plain', config: 'secret' },
  collectorRollout: {
    id: 'plain',
    shards: 'plain',
    action: 'plain',
    revision: 'plain',
    hash: 'plain',
    reason: 'plain',
    agent: 'plain',
    // Of the token that the agent came with: an id, no secret.
    tokenId: 'plain',
    phase: 'plain',
    paused: 'plain',
    current: 'plain',
    good: 'plain',
    pinned: 'plain',
  },
  collectorQuarantine: { id: 'plain', tenant: 'plain', target: 'plain', reason: 'plain' },
  collectorAgent: { instanceUid: 'plain', from: 'plain', to: 'plain', groups: 'plain' },
  operator: {
    ...common,
    email: 'plain',
    role: 'plain',
    user: 'plain',
    userExists: 'plain',
    createdBy: 'plain',
  },
  operatorToken: {
    ...common,
    role: 'plain',
    expiresAt: 'plain',
    expired: 'plain',
    createdBy: 'plain',
    lastUsedAt: 'plain',
    token: 'secret',
  },
};

export const REDACTED = '[redacted]';

/** An object has about ten fields; what has more was not made by us. */
const MAX_FIELDS = 100;
const MAX_ITEMS = 100;
const MAX_TEXT = 1_000;
/** Characters of a snapshot as JSON: three in one event stay far below MongoDB's limit of 16 MB a document. */
const MAX_SNAPSHOT = 16_384;

/** Names that mean something to JavaScript or to MongoDB are not those of fields. */
const FIELD = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
const INHERITED: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype));

type Plain = string | number | boolean | null;

function plain(value: unknown): Plain | Plain[] {
  if (Array.isArray(value)) {
    return value.slice(0, MAX_ITEMS).map((item) => (Array.isArray(item) ? REDACTED : scalar(item)));
  }
  return scalar(value);
}

function scalar(value: unknown): Plain {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'string') {
    return value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value;
  }
  const isScalar = value === null || typeof value === 'number' || typeof value === 'boolean';
  return isScalar ? value : REDACTED;
}

function record(value: unknown, as: Recorded): unknown {
  if (value === null) return null;
  if (as === 'secret') return REDACTED;
  if (as === 'plain') return plain(value);
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => record(item, as));
  return typeof value === 'object' ? fields(value, as) : REDACTED;
}

function fields(
  value: object,
  as: { readonly [field: string]: Recorded },
): Record<string, unknown> {
  const recorded: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value).slice(0, MAX_FIELDS)) {
    // Left out as JSON leaves it out; and a name such as `__proto__` would not even become a field.
    if (field === undefined || !FIELD.test(name) || INHERITED.has(name)) continue;
    recorded[name] = record(field, (Object.hasOwn(as, name) && as[name]) || 'secret');
  }
  return recorded;
}

/**
 * What the audit keeps of a thing: listed fields as they are, every other as `[redacted]`, within fixed bounds of
 * size. The one way into an event's `before`, `asked` and `after`.
 */
export function auditSnapshot(noun: AuditNoun, value: object): Record<string, unknown> {
  const snapshot = fields(value, recordedFields[noun]);
  if (JSON.stringify(snapshot).length <= MAX_SNAPSHOT) return snapshot;
  const { id } = snapshot;
  return { ...(typeof id === 'string' ? { id } : {}), truncated: true };
}

/** The noun of an action. */
export function auditNoun(action: AuditAction): AuditNoun {
  return action.slice(0, action.indexOf('.')) as AuditNoun;
}
