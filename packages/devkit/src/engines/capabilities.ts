import { randomBytes } from 'node:crypto';
import { ClickHouseRefusal, runStatement, type Login } from './http';
import { imageOf } from './images';
import { runProbe } from './probe';
import { testEngine } from './testEngine';

/** What the engine of the tests can do beyond what all of them can. */
export interface EngineCapabilities {
  /** Started here: tests may end it, and it serves nobody else. */
  ours: boolean;
  /** `CREATE USER`, `QUOTA`, `SETTINGS PROFILE` and `GRANT` work, and so do logins as such users. */
  userManagement: boolean;
  /** A cluster of this name runs `ON CLUSTER` statements and `Replicated*` tables. */
  cluster: string | null;
}

/** What `docker/test/clickhouse/cluster.xml` calls its cluster. */
const defaultCluster = 'hdx_test';

/** An image may have to be pulled. */
const probeMs = 300_000;

let found: EngineCapabilities | undefined;

/**
 * What the engine that `TEST_ENGINES` names can do; asked of it where it cannot be known. Blocks while it is asked. The
 * official image is not asked: where it lacks what it should have, tests are to fail and not to be skipped.
 * @throws Error where the engine does not answer.
 */
export function engineCapabilities(): EngineCapabilities {
  found ??= find();
  return found;
}

function find(): EngineCapabilities {
  const engine = testEngine();
  if (engine === 'embedded') return { ours: true, userManagement: false, cluster: null };
  if (engine === 'containers' && imageOf('clickhouse').official) {
    return { ours: true, userManagement: true, cluster: defaultCluster };
  }
  const asked = runProbe('capabilities', probeMs) as Omit<EngineCapabilities, 'ours'>;
  return { ours: engine === 'containers', ...asked };
}

/**
 * Asks a server what it can do.
 * @throws whatever the connection throws: no answer is not an answer.
 */
export async function probeCapabilities(
  login: Login,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Omit<EngineCapabilities, 'ours'>> {
  const cluster = env['TEST_CLICKHOUSE_CLUSTER']?.trim() || defaultCluster;
  return {
    userManagement: await accepts(() => makeAndUseUser(login)),
    cluster: (await accepts(() => useCluster(login, cluster))) ? cluster : null,
  };
}

async function accepts(attempt: () => Promise<void>): Promise<boolean> {
  try {
    await attempt();
    return true;
  } catch (error) {
    if (error instanceof ClickHouseRefusal) return false;
    throw error;
  }
}

async function makeAndUseUser(login: Login): Promise<void> {
  const user = `hdxt_probe_${randomBytes(6).toString('hex')}`;
  const password = randomBytes(16).toString('hex');
  try {
    await runStatement(
      login,
      `CREATE USER ${user} IDENTIFIED WITH sha256_password BY '${password}'`,
    );
    await runStatement({ ...login, user, password }, 'SELECT currentUser()');
  } finally {
    // Where users cannot be made, they cannot be dropped either: what came first is what counts.
    await runStatement(login, `DROP USER IF EXISTS ${user}`).catch(() => undefined);
  }
}

async function useCluster(login: Login, cluster: string): Promise<void> {
  if (!/^\w+$/.test(cluster)) {
    throw new Error('TEST_CLICKHOUSE_CLUSTER: letters, digits and "_" only');
  }
  const named = `SELECT count() FROM system.clusters WHERE cluster = '${cluster}'`;
  if ((await runStatement(login, named)) === '0') {
    throw new ClickHouseRefusal(`there is no cluster ${cluster}`);
  }
  await runStatement(login, "SELECT count() FROM system.zookeeper WHERE path = '/'");
}
