/**
 * The images of `containers`, unless a variable names another. ClickHouse: the newest LTS, which has text indexes
 * (26.2 and newer). MongoDB: HyperDX asks for 5.0 or newer.
 */
const images = {
  clickhouse: { variable: 'TEST_CLICKHOUSE_IMAGE', official: 'clickhouse/clickhouse-server:26.8' },
  mongo: { variable: 'TEST_MONGO_IMAGE', official: 'mongo:8.0' },
  collector: {
    variable: 'TEST_COLLECTOR_IMAGE',
    official: 'otel/opentelemetry-collector-contrib:0.149.0',
  },
} as const;

export interface Image {
  name: string;
  /** The environment variable that names another. */
  variable: string;
  /** From the official repository, whichever release: what it can do is known, and need not be found out. */
  official: boolean;
}

/** `repository:tag@digest` without what follows the repository; a registry's port is none of it. */
const repositoryOf = (image: string): string => image.replace(/(?::[^/:@]+)?(?:@.*)?$/, '');

/** The image to start `engine` from. */
export function imageOf(engine: keyof typeof images, env: NodeJS.ProcessEnv = process.env): Image {
  const { variable, official } = images[engine];
  const name = env[variable]?.trim() || official;
  return { name, variable, official: repositoryOf(name) === repositoryOf(official) };
}
