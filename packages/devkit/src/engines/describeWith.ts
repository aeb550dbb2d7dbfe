import { engineCapabilities, type EngineCapabilities } from './capabilities';
import { imageOf } from './images';
import { testEngine, type TestEngine } from './testEngine';

/** What a suite cannot do without. */
export type Need = keyof EngineCapabilities;

const needs: Record<Need, string> = {
  ours: 'engines that a test may end',
  userManagement: 'a ClickHouse server with user management',
  cluster: 'a ClickHouse cluster with Keeper',
};

/** Test runners that know suites: the globals of jest and its like. */
interface Describe {
  (name: string, body: () => void): void;
  skip: (name: string, body: () => void) => void;
}
declare const describe: Describe;

const has = (need: Need, capabilities: EngineCapabilities): boolean => Boolean(capabilities[need]);

/** Why a suite that needs this is skipped on `engine`, as its name says it. */
export function reasonToSkip(
  need: Need,
  engine: TestEngine,
  env: NodeJS.ProcessEnv = process.env,
): string {
  const who = {
    embedded: () => 'TEST_ENGINES=embedded',
    containers: () => `the image ${imageOf('clickhouse', env).name}`,
    env: () => 'what CLICKHOUSE_HOST names',
  }[engine]();
  return `needs ${needs[need]}: ${who} has none`;
}

/**
 * Registers a suite that needs more than every engine has; where the engine of this run has it not, the suite is skipped
 * with the reason in its name.
 */
export function describeWith(need: Need, name: string, body: () => void): void {
  if (has(need, engineCapabilities())) describe(name, body);
  else describe.skip(`${name} (${reasonToSkip(need, testEngine())})`, body);
}
