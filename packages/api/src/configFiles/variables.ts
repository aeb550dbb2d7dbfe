import { z } from 'zod';

import { collectorUrl, databaseName, goDuration, httpUrl } from './forms';
import { trustProxy } from './trustProxy';

const port = z.coerce.number().int().min(0).max(65535);
const secret = z.string().min(16, 'must have at least 16 characters');
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
  CLICKHOUSE_HOST: httpUrl.optional(),
  CLICKHOUSE_USER: z.string().default('default'),
  CLICKHOUSE_PASSWORD: z.string().default(''),
  CLICKHOUSE_ENDPOINT: collectorUrl.optional(),
  HYPERDX_OTEL_EXPORTER_CLICKHOUSE_DATABASE: databaseName.default('default'),
  HYPERDX_OTEL_EXPORTER_TABLES_TTL: goDuration.default('720h'),
  HYPERDX_OTEL_EXPORTER_TIMEOUT: goDuration.default('5s'),
  FRONTEND_URL: httpUrl.default('http://localhost:8080'),
  EXPRESS_SESSION_SECRET: secret.refine(
    (value) => !value.startsWith('hyperdx is cool'),
    'is the published default of HyperDX: anybody could sign sessions with it; set your own, here and for HyperDX',
  ),
  DEFAULT_CONNECTIONS: z.string().optional(),
  DEFAULT_SOURCES: z.string().optional(),
  USAGE_STATS_ENABLED: z.enum(['true', 'false']).default('true'),
  AI_API_KEY: z.string().optional(),
  ANTHROPIC_API_KEY: z.string().optional(),
  HYPERDX_API_URL: httpUrl.optional(),
  TENANCY_FORWARD_UNKNOWN: z.enum(['true', 'false']).default('false'),
  TENANCY_DOOR_PORT: port.default(8124),
  TENANCY_DOOR_URL: httpUrl.optional(),
  TENANCY_ALLOW_TENANT_CONNECTIONS: z.enum(['true', 'false']).default('false'),
  TENANCY_TENANT_CONNECTION_HOSTS: z.string().optional(),
  TENANCY_BIND_ADDRESS: z.string().default('0.0.0.0'),
  TENANCY_METRICS_PORT: port.default(9464),
  TENANCY_SECRET: secret,
  TENANCY_SECRET_PREVIOUS: secret.optional(),
  TENANCY_ACCESS_MODE: z.enum(['grants', 'guard']).default('grants'),
  TENANCY_ALLOW_GUARD_MODE: z.enum(['true', 'false']).default('false'),
  TENANCY_TARGETS_FILE: z.string().optional(),
  TENANCY_PLANS_FILE: z.string().optional(),
  TENANCY_TEMPLATES_DIRECTORY: z.string().optional(),
  TENANCY_ADMIN_TOKEN: secret.regex(/^\S+$/, 'travels in a header: no white space').optional(),
  TENANCY_TRUST_PROXY: trustProxy.optional(),
  TENANCY_COLLECTOR_TOKEN: secret
    .regex(/^[A-Za-z0-9._~-]+$/, 'travels in a URL path: only A-Z a-z 0-9 . _ ~ -')
    .optional(),
  TENANCY_COLLECTOR_MEMORY_LIMIT_MIB: z.coerce.number().int().min(64).default(1500),
  TENANCY_COLLECTOR_STORAGE_DIRECTORY: z
    .string()
    .startsWith('/', 'must be an absolute path')
    .optional(),
  TENANCY_COLLECTOR_AGENT_RETENTION_DAYS: z.coerce.number().int().min(1).max(3650).default(7),
  TENANCY_OPAMP_ACCEPT_INGESTION_KEY: z.enum(['true', 'false']).default('false'),
  TENANCY_OPAMP_MAX_AGENTS: z.coerce.number().int().min(1).max(1_000_000).default(50_000),
  TENANCY_OPAMP_MAX_AGENTS_PER_TOKEN: z.coerce.number().int().min(1).max(1_000_000).default(25_000),
  TENANCY_OPAMP_TLS_CERT_FILE: z.string().optional(),
  TENANCY_OPAMP_TLS_KEY_FILE: z.string().optional(),
  TENANCY_OPAMP_TLS_CLIENT_CA_FILE: z.string().optional(),
  TENANCY_OPAMP_TLS_CLIENT_AUTH: z.enum(['optional', 'required']).default('optional'),
} as const;
