import type { ComponentTypes } from '../fleet';

/** Bits of AgentToServer.capabilities (OpAMP specification, AgentCapabilities). */
export const AgentCapability = {
  ReportsStatus: 0x1n,
  AcceptsRemoteConfig: 0x2n,
  ReportsEffectiveConfig: 0x4n,
  AcceptsPackages: 0x8n,
  ReportsPackageStatuses: 0x10n,
  ReportsOwnTraces: 0x20n,
  ReportsOwnMetrics: 0x40n,
  ReportsOwnLogs: 0x80n,
  AcceptsOpAMPConnectionSettings: 0x100n,
  AcceptsOtherConnectionSettings: 0x200n,
  AcceptsRestartCommand: 0x400n,
  ReportsHealth: 0x800n,
  ReportsRemoteConfig: 0x1000n,
  ReportsHeartbeat: 0x2000n,
  ReportsAvailableComponents: 0x4000n,
  ReportsConnectionSettingsStatus: 0x8000n,
} as const;

/** Bits of ServerToAgent.capabilities (OpAMP specification, ServerCapabilities). */
export const ServerCapability = {
  AcceptsStatus: 0x1n,
  OffersRemoteConfig: 0x2n,
  AcceptsEffectiveConfig: 0x4n,
  OffersConnectionSettings: 0x20n,
} as const;

export const hasCapability = (capabilities: bigint, bit: bigint): boolean =>
  (capabilities & bit) !== 0n;

/** The names of an agent's capabilities; bits that the specification does not know are left out. */
export function capabilityNames(capabilities: bigint): string[] {
  return Object.entries(AgentCapability)
    .filter(([, bit]) => hasCapability(capabilities, bit))
    .map(([name]) => name);
}

export type ConfigStatus = 'unset' | 'applied' | 'applying' | 'failed';

export interface HealthReport {
  healthy: boolean;
  /** At most 16,384 characters, as are all texts here that may quote a config. */
  lastError: string;
  /** As the collector calls it: `StatusOK`, `StatusStarting`, ...; at most 256 characters. */
  status: string;
  /** When the agent started, in nanoseconds since 1970; 0 where it does not run. */
  startedAt: bigint;
}

/** What an agent says of a config or of connection settings that it was offered. */
export interface StatusReport {
  /** Hexadecimal; empty where it was offered none yet. */
  hash: string;
  status: ConfigStatus;
  error: string;
}

export interface ComponentReport {
  /** Hexadecimal; the agent's own word. */
  hash: string;
  /** `undefined`: it sent the hash alone, as it does until it is asked for the rest. */
  types: ComponentTypes | undefined;
}

/** An AgentToServer as this server reads it. What the agent left out, being unchanged, is `undefined`. */
export interface AgentMessage {
  /** 16 bytes as 32 hexadecimal digits. */
  instanceUid: string;
  sequence: bigint;
  capabilities: bigint;
  /**
   * What it says of itself, scalars alone, as text: at most 64 attributes with keys of at most 256 and values of at most
   * 1,024 characters. It is `undefined` in a message that leaves out what did not change.
   */
  attributes: ReadonlyMap<string, string> | undefined;
  health: HealthReport | undefined;
  /**
   * The files it runs with, at most 32, by name. The bytes lie in the message that was decoded: whoever keeps them keeps
   * all of it.
   */
  effectiveConfig: ReadonlyMap<string, Uint8Array> | undefined;
  remoteConfig: StatusReport | undefined;
  components: ComponentReport | undefined;
  connectionSettings: StatusReport | undefined;
  disconnects: boolean;
  requestsInstanceUid: boolean;
}

/** A ServerToAgent as this server writes it, but for the config: that is appended to it, encoded as it is on offer. */
export interface ServerMessage {
  /** As in the message that is answered. */
  instanceUid: string;
  reportFullState?: boolean;
  reportAvailableComponents?: boolean;
  /** Seconds between an agent's polls. */
  heartbeatSeconds?: number;
  newInstanceUid?: Uint8Array;
}

/** A ServerToAgent that refuses. */
export interface ErrorResponse {
  type: 'BadRequest' | 'Unavailable';
  message: string;
  /** When to try again, with `Unavailable`. */
  retryAfterMs?: number;
  /** Whom it is for, where that could be read. */
  instanceUid?: string;
}
