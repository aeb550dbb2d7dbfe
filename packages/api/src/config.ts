import { z } from 'zod';

/** One ClickHouse and how it is reached: by us for DDL, by collectors for telemetry. */
export interface TargetConfig {
  name: string;
  /** ClickHouse HTTP URL for this service. */
  host: string;
  username: string;
  password: string;
  database: string;
  /** The ClickHouse exporter's endpoint, as seen from the collectors. */
  collectorEndpoint: string;
  /** The exporter's time limit for one insert, as a Go duration. */
  exporterTimeout: string;
  /** How long telemetry is kept. */
  retentionHours: number;
}

export interface Config {
  env: string;
  version: string;
  bindAddress: string;
  port: number;
  opampPort: number;
  logLevel: string;
  mongoUri: string;
  adminToken: string;
  /** What other secrets are derived from. */
  secret: string;
  /** Opens the shared collector group; more tokens are made through the admin API. */
  collectorToken: string | undefined;
  collectorMemoryLimitMiB: number;
  /** A folder in the collector for its queues (`file_storage`); memory queues where unset. */
  collectorStorageDirectory: string | undefined;
  target: TargetConfig;
}

/** A configuration that cannot be used; every fault is named at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const HOUR_MS = 3_600_000;
const UNIT_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: HOUR_MS };
const GO_DURATION = /^(\d+(\.\d+)?(ms|s|m|h))+$/;

/** Milliseconds of a Go duration such as `720h` or `1h30m`; `undefined` where it is none. */
export function parseGoDuration(text: string): number | undefined {
  if (!GO_DURATION.test(text)) return undefined;
  let total = 0;
  for (const [, amount, , unit] of text.matchAll(/(\d+(\.\d+)?)(ms|s|m|h)/g)) {
    total += Number(amount) * (UNIT_MS[unit ?? ''] ?? 0);
  }
  return total;
}

const port = z.coerce.number().int().min(0).max(65535);
const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' });
const secret = z.string().min(16, 'must have at least 16 characters');
const goDuration = z
  .string()
  .refine(
    (text) => (parseGoDuration(text) ?? 0) > 0,
    'must be a positive Go duration such as 720h',
  );

/**
 * Every variable that the service reads, in the order of docs/configuration.md (a test compares the
 * two). HyperDX's names keep their meaning and default.
 */
export const variables = {
  NODE_ENV: z.string().default('production'),
  MONGO_URI: z.url({ protocol: /^mongodb(\+srv)?$/, error: 'must be a mongodb:// URI' }),
  HYPERDX_API_PORT: port.optional(),
  PORT: port.default(8000),
  OPAMP_PORT: port.default(4320),
  HYPERDX_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info'),
  CLICKHOUSE_HOST: httpUrl,
  CLICKHOUSE_USER: z.string().default('default'),
  CLICKHOUSE_PASSWORD: z.string().default(''),
  CLICKHOUSE_ENDPOINT: z
    .string()
    .regex(/^(tcp|clickhouse|https?):\/\/[!-~]+$/, 'must be a tcp, clickhouse, http or https URL')
    .optional(),
  HYPERDX_OTEL_EXPORTER_CLICKHOUSE_DATABASE: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be a plain identifier')
    .default('default'),
  HYPERDX_OTEL_EXPORTER_TABLES_TTL: goDuration.default('720h'),
  HYPERDX_OTEL_EXPORTER_TIMEOUT: goDuration.default('5s'),
  TENANCY_BIND_ADDRESS: z.string().default('0.0.0.0'),
  TENANCY_SECRET: secret,
  TENANCY_ADMIN_TOKEN: secret.regex(/^\S+$/, 'travels in a header: no white space'),
  TENANCY_COLLECTOR_TOKEN: secret
    .regex(/^[A-Za-z0-9._~-]+$/, 'travels in a URL path: only A-Z a-z 0-9 . _ ~ -')
    .optional(),
  TENANCY_COLLECTOR_MEMORY_LIMIT_MIB: z.coerce.number().int().min(64).default(1500),
  TENANCY_COLLECTOR_STORAGE_DIRECTORY: z
    .string()
    .startsWith('/', 'must be an absolute path')
    .optional(),
} as const;

const Environment = z.object(variables);

/** Blank means unset: what a compose file leaves empty must not count as a value. */
function withoutBlanks(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const entries = Object.entries(env).flatMap(([name, value]) =>
    value === undefined || value.trim() === '' ? [] : [[name, value] as const],
  );
  return Object.fromEntries(entries);
}

function fault(issue: z.core.$ZodIssue): string {
  const name = issue.path.join('.');
  const missing = issue.code === 'invalid_type' && issue.input === undefined;
  return missing ? `${name} is not set` : `${name}: ${issue.message}`;
}

/**
 * The configuration, parsed once and strictly.
 * @throws ConfigError that names every variable at fault; it never repeats a value.
 */
export function parseConfig(
  environment: Readonly<Record<string, string | undefined>>,
  version = '0.1.0',
): Config {
  const parsed = Environment.safeParse(withoutBlanks(environment), { reportInput: true });
  if (!parsed.success) {
    throw new ConfigError(
      `The configuration cannot be used (see docs/configuration.md):\n` +
        parsed.error.issues.map((issue) => `  ${fault(issue)}`).join('\n'),
    );
  }
  const env = parsed.data;
  return {
    env: env.NODE_ENV,
    version,
    bindAddress: env.TENANCY_BIND_ADDRESS,
    port: env.HYPERDX_API_PORT ?? env.PORT,
    opampPort: env.OPAMP_PORT,
    logLevel: env.HYPERDX_LOG_LEVEL,
    mongoUri: env.MONGO_URI,
    adminToken: env.TENANCY_ADMIN_TOKEN,
    secret: env.TENANCY_SECRET,
    collectorToken: env.TENANCY_COLLECTOR_TOKEN,
    collectorMemoryLimitMiB: env.TENANCY_COLLECTOR_MEMORY_LIMIT_MIB,
    collectorStorageDirectory: env.TENANCY_COLLECTOR_STORAGE_DIRECTORY,
    target: {
      name: 'default',
      host: env.CLICKHOUSE_HOST,
      username: env.CLICKHOUSE_USER,
      password: env.CLICKHOUSE_PASSWORD,
      database: env.HYPERDX_OTEL_EXPORTER_CLICKHOUSE_DATABASE,
      collectorEndpoint: env.CLICKHOUSE_ENDPOINT ?? env.CLICKHOUSE_HOST,
      exporterTimeout: env.HYPERDX_OTEL_EXPORTER_TIMEOUT,
      // TTL expressions count in hours; a shorter time still keeps an hour.
      retentionHours: Math.max(
        1,
        Math.ceil((parseGoDuration(env.HYPERDX_OTEL_EXPORTER_TABLES_TTL) ?? 0) / HOUR_MS),
      ),
    },
  };
}

let cached: Config | undefined;

/**
 * The configuration of this process, parsed on first use. Only what starts things, and HyperDX's own
 * entry points that take no configuration, ask for it; all other code is given what it needs.
 */
export function getConfig(): Config {
  cached ??= parseConfig(process.env);
  return cached;
}
