/** What the parent tells the server process, in one environment variable: arguments would show the password to everyone. */
export interface ChildConfig {
  dataDir: string;
  tempDir: string;
  /** Removed when the parent has died without stopping the server. */
  abandonedDir: string;
  port: number;
  user: string;
  password: string;
  /** Statements on users and rights are carried out. */
  users: boolean;
  configFile?: string | undefined;
  maxConcurrentQueries: number;
  maxBodyBytes: number;
}

export const configVariable = 'DEVKIT_CLICKHOUSE';

/** Sent once by the server process when it listens. */
export interface ReadyMessage {
  ready: { version: string };
}

export function isReady(message: unknown): message is ReadyMessage {
  return typeof message === 'object' && message !== null && 'ready' in message;
}

/** @throws Error when this process was not started by `startClickHouse`. */
export function readChildConfig(): ChildConfig {
  const text = process.env[configVariable];
  if (text === undefined) throw new Error(`${configVariable} is not set: use startClickHouse`);
  return JSON.parse(text) as ChildConfig;
}
