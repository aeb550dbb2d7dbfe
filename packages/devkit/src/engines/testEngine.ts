import { dockerAnswers } from './docker';

/**
 * What tests run on.
 * - `embedded`: the devkit's own engines; no Docker, no user management in ClickHouse.
 * - `containers`: ClickHouse and MongoDB from images, started and ended by the test.
 * - `env`: servers that `CLICKHOUSE_HOST` and `MONGO_URI` name; each test file gets databases of its own on them.
 */
export const testEngines = ['embedded', 'containers', 'env'] as const;

export type TestEngine = (typeof testEngines)[number];

function isTestEngine(text: string): text is TestEngine {
  return (testEngines as readonly string[]).includes(text);
}

/**
 * The engine that `TEST_ENGINES` names; without it `containers` where a Docker daemon answers, else `embedded`.
 * @throws Error for another value, naming the variable and the choices.
 */
export function testEngine(
  env: NodeJS.ProcessEnv = process.env,
  hasDocker: () => boolean = dockerAnswers,
): TestEngine {
  const chosen = env['TEST_ENGINES']?.trim();
  if (!chosen) return hasDocker() ? 'containers' : 'embedded';
  if (isTestEngine(chosen)) return chosen;
  throw new Error(`TEST_ENGINES is "${chosen}": it must be one of ${testEngines.join(', ')}`);
}
