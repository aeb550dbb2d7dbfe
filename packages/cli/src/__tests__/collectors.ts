import type { CollectorAgentDetail } from '@hyperdx-tenancy/domain/contracts/collectorAgent';
import type {
  CollectorGroupSummary,
  CollectorGroupView,
  GroupConfig,
  RevisionDetail,
  RolloutView,
  ShardView,
} from '@hyperdx-tenancy/domain/contracts/collectorRollout';
import type { CollectorTokenView } from '@hyperdx-tenancy/domain/contracts/collectorToken';

import { ID } from './cli';

export const AT = '2026-01-02T03:04:05.000Z';
export const UID = '0193a1b2c3d47e5f8091a2b3c4d5e6f7';
export const HASH = 'ab'.repeat(32);

export function rollout(overrides: Partial<RolloutView> = {}): RolloutView {
  return {
    phase: 'steady',
    paused: false,
    pauseReason: null,
    current: 7,
    good: 7,
    pinned: null,
    canaries: [],
    since: AT,
    blocked: [],
    ...overrides,
  };
}

export function part(overrides: Partial<ShardView> = {}): ShardView {
  return {
    id: 'named:web',
    tenants: [ID],
    leftOut: [],
    warnings: [],
    agents: { connected: 2, inStep: 2, failed: 0 },
    tokens: 1,
    rollout: rollout(),
    ...overrides,
  };
}

const settings = {
  id: 'named:web',
  kind: 'named' as const,
  target: 'default',
  members: 'all' as const,
  shards: null,
  exclusive: false,
  options: {},
  fragment: null,
  rollout: { healthySeconds: 60, timeoutSeconds: 600 },
};

export function group(overrides: Partial<CollectorGroupView> = {}): CollectorGroupView {
  return { ...settings, quarantine: [], parts: [part()], ...overrides };
}

export function summary(overrides: Partial<CollectorGroupSummary> = {}): CollectorGroupSummary {
  return {
    ...settings,
    tenants: 3,
    agents: { connected: 2, inStep: 1, failed: 1 },
    ...overrides,
  };
}

export function agent(overrides: Partial<CollectorAgentDetail> = {}): CollectorAgentDetail {
  return {
    instanceUid: UID,
    group: 'named:web',
    connected: true,
    transport: 'websocket',
    seenAt: AT,
    firstSeenAt: AT,
    attributes: { 'service.name': 'otelcol', 'host.name': 'web-1' },
    config: { state: 'in_step', hash: HASH, revision: 7, reason: null },
    healthy: true,
    healthyChangedAt: AT,
    lastError: null,
    capabilities: ['ReportsStatus', 'AcceptsRemoteConfig'],
    components: { receivers: ['otlp'] },
    effectiveConfig: 'receivers:\n  otlp:\n',
    effectiveConfigAt: AT,
    ...overrides,
  };
}

export function token(overrides: Partial<CollectorTokenView> = {}): CollectorTokenView {
  return {
    id: 'a'.repeat(24),
    name: 'web servers',
    group: { kind: 'named', name: 'web' },
    groupId: 'named:web',
    state: 'active',
    createdAt: AT,
    expiresAt: null,
    revokedAt: null,
    replacedBy: null,
    ...overrides,
  };
}

export function config(overrides: Partial<GroupConfig> = {}): GroupConfig {
  return {
    id: 'named:web',
    hash: HASH,
    bytes: 20,
    config: '{"receivers":{"otlp":{}}}\n',
    leftOut: [],
    warnings: [],
    ...overrides,
  };
}

export function revision(overrides: Partial<RevisionDetail> = {}): RevisionDetail {
  return {
    number: 7,
    hash: HASH,
    state: 'good',
    createdAt: AT,
    cause: 'inputs',
    tenants: 3,
    bytes: 20,
    reason: null,
    config: '{\n  "receivers": {}\n}\n',
    diff: '-  "receivers": {}\n+  "receivers": {"otlp": {}}\n',
    options: { queue: { maxMiB: 4 } },
    fragment: null,
    ...overrides,
  };
}
