import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { startClickHouse, type ClickHouseOptions, type ClickHouseServer } from '..';
import { waitFor } from '../../process';

jest.setTimeout(120_000);

const isAlive = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

const ask = async (server: ClickHouseServer, body: string, parameters = ''): Promise<string> => {
  const answer = await fetch(`${server.url}/?${parameters}`, {
    method: 'POST',
    body,
    signal: AbortSignal.timeout(60_000),
  });
  return answer.text();
};

describe('startClickHouse', () => {
  const servers: ClickHouseServer[] = [];
  const dirs: string[] = [];
  const start = async (options?: ClickHouseOptions): Promise<ClickHouseServer> => {
    const server = await startClickHouse(options);
    servers.push(server);
    return server;
  };
  const makeDir = (): string => {
    const dir = mkdtempSync(join(tmpdir(), 'devkit-clickhouse-test-'));
    dirs.push(dir);
    return dir;
  };

  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.stop()));
    for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
  });

  it('keeps every row through SIGKILL and restarts, in `default` and elsewhere', async () => {
    const server = await start();
    await ask(server, 'CREATE DATABASE other');
    for (const table of ['default.t', 'other.t']) {
      await ask(server, `CREATE TABLE ${table} (a UInt8) ENGINE = MergeTree ORDER BY a`);
      await ask(server, `INSERT INTO ${table} VALUES (1), (2)`);
    }
    const first = server.pid;
    await server.kill();
    expect(isAlive(first)).toBe(false);
    await expect(ask(server, 'SELECT 1')).rejects.toThrow('fetch failed');
    for (let restart = 0; restart < 2; restart++) {
      await server.restart();
      const counts = 'SELECT (SELECT count() FROM default.t), (SELECT count() FROM other.t)';
      expect(await ask(server, counts)).toBe('2\t2\n');
      const engine = "SELECT engine FROM system.databases WHERE name = 'default'";
      expect(await ask(server, engine)).toBe('Atomic\n');
    }
    expect(server.pid).not.toBe(first);
  });

  it('keeps a data directory it was given, and removes its own', async () => {
    const dataDir = join(makeDir(), 'data');
    const kept = await start({ dataDir, database: 'mine' });
    expect(kept.client()).toEqual({
      url: kept.url,
      username: 'default',
      password: '',
      database: 'mine',
    });
    await ask(kept, 'CREATE TABLE mine.t (a UInt8) ENGINE = MergeTree ORDER BY a');
    await kept.stop();
    const again = await start({ dataDir, database: 'mine' });
    expect(await ask(again, 'SHOW TABLES FROM mine')).toBe('t\n');

    const own = await start();
    expect(existsSync(own.dataDir)).toBe(true);
    await own.kill();
    expect(existsSync(own.dataDir)).toBe(true);
    await own.stop();
    expect(existsSync(own.dataDir)).toBe(false);
    await own.stop();
  });

  it('restarts with an empty default database, and with one that has become empty', async () => {
    const server = await start();
    await server.restart();
    await ask(server, 'CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a');
    await server.restart();
    expect(await ask(server, 'SHOW TABLES')).toBe('t\n');
    await ask(server, 'DROP TABLE t');
    await server.kill();
    await server.restart();
    expect(await ask(server, 'SHOW TABLES')).toBe('');
  });

  it('restarts with hundreds of tables, views among them', async () => {
    const server = await start();
    for (let n = 0; n < 200; n++) {
      await ask(server, `CREATE TABLE t${n} (a UInt8) ENGINE = MergeTree ORDER BY a`);
    }
    await ask(server, 'CREATE MATERIALIZED VIEW v TO t1 AS SELECT a FROM t0');
    await server.kill();
    await server.restart();
    await ask(server, 'INSERT INTO t0 VALUES (7)');
    expect(await ask(server, 'SELECT a FROM t1')).toBe('7\n');
    const count = "SELECT count() FROM system.tables WHERE database = 'default'";
    expect(await ask(server, count)).toBe('201\n');
  });

  it('leaves no process behind', async () => {
    const server = await start();
    const { pid } = server;
    expect(isAlive(pid)).toBe(true);
    await server.stop();
    expect(isAlive(pid)).toBe(false);
  });

  it('ends with its parent, even if that is killed, and takes its temporary data along', async () => {
    const script = `require(${JSON.stringify(join(__dirname, '..', 'index.ts'))})
      .startClickHouse()
      .then(({ pid, dataDir }) => process.stdout.write(JSON.stringify({ pid, dataDir })));`;
    const register = require.resolve('esbuild-register');
    const parent = spawn(process.execPath, ['-r', register, '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [text] = (await once(parent.stdout, 'data')) as [Buffer];
    const { pid, dataDir } = JSON.parse(text.toString()) as { pid: number; dataDir: string };
    expect([isAlive(pid), existsSync(dataDir)]).toEqual([true, true]);
    parent.kill('SIGKILL');
    await waitFor(() => !isAlive(pid), { timeoutMs: 20_000, what: 'the orphan to end' });
    expect(existsSync(dirname(dataDir))).toBe(false);
  });

  it('runs two servers side by side', async () => {
    const [a, b] = await Promise.all([start(), start()]);
    expect(a.port).not.toBe(b.port);
    await ask(a, 'CREATE TABLE only_a (a UInt8) ENGINE = MergeTree ORDER BY a');
    expect(await ask(a, 'SHOW TABLES')).toBe('only_a\n');
    expect(await ask(b, 'SHOW TABLES')).toBe('');
  });

  it('says why it does not start', async () => {
    const server = await start();
    await expect(startClickHouse({ port: server.port })).rejects.toThrow('EADDRINUSE');
  });

  it('refuses a body past its limit, and keeps none of it', async () => {
    const server = await start({ maxBodyBytes: 1_000_000 });
    await ask(server, 'CREATE TABLE t (s String) ENGINE = MergeTree ORDER BY s');
    const answer = await fetch(`${server.url}/?query=INSERT+INTO+t+FORMAT+LineAsString`, {
      method: 'POST',
      body: 'x'.repeat(1_000_001),
    });
    expect(answer.status).toBe(413);
    expect(await answer.text()).toContain('larger than 1000000 bytes');
    expect(await ask(server, 'SELECT count() FROM t')).toBe('0\n');
  });

  it('answers before it has read all of a body that it refuses', async () => {
    const server = await start({ maxBodyBytes: 1_000_000, password: 'secret' });
    // A connection that is to be closed would be, over what was not read of it: its reset can outrun the answer.
    const agent = new Agent({ keepAlive: true });
    /** The answer to a body of which only the beginning is ever sent. */
    const answerTo = (headers: Record<string, string>): Promise<{ status: number; text: string }> =>
      new Promise((resolve, reject) => {
        const sent = request(`${server.url}/?query=INSERT+INTO+t+FORMAT+LineAsString`, {
          method: 'POST',
          headers: { ...headers, 'Content-Length': '40000000' },
          agent,
        });
        sent.once('error', reject);
        sent.once('response', (response) => {
          text(response).then((body) => {
            sent.destroy();
            resolve({ status: response.statusCode ?? 0, text: body });
          }, reject);
        });
        sent.write(Buffer.alloc(2_000_000, 'x'));
      });
    expect((await answerTo({})).status).toBe(403);
    expect((await answerTo({ 'X-ClickHouse-Key': 'secret' })).status).toBe(413);
    const damaged = await answerTo({ 'X-ClickHouse-Key': 'secret', 'Content-Encoding': 'gzip' });
    expect(damaged.text).toMatch(/^Code: 117\..*incorrect header check/);
  });

  it('lives on when a body turns out damaged before its file is open', async () => {
    const server = await start();
    const url = `${server.url}/?query=INSERT+INTO+t+FORMAT+LineAsString`;
    const headers = { 'Content-Encoding': 'gzip' };
    // Which of the two comes first is a race: with one at a time, one in some thirty took the server with it.
    for (let round = 0; round < 25; round += 1) {
      const answers = await Promise.all(
        Array.from({ length: 8 }, () =>
          fetch(url, { method: 'POST', headers, body: 'x'.repeat(100_000) }),
        ),
      );
      for (const answer of answers) expect(await answer.text()).toMatch(/^Code: 117\./);
    }
    expect(await ask(server, 'SELECT 1')).toBeDefined();
  });

  it('leaves no temporary files, whether queries succeed, fail or are given up', async () => {
    const logDir = makeDir();
    const server = await start({ logFile: join(logDir, 'log') });
    // Its data and its temporary files are neighbours.
    const home = dirname(server.dataDir);
    const leftovers = (): string[] =>
      readdirSync(join(home, 'run')).filter((name) => !name.endsWith('.pipe'));
    await ask(server, 'CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a');
    await ask(server, 'INSERT INTO t VALUES (1)');
    await ask(server, 'INSERT INTO t FORMAT JSONEachRow {"a":"x"}');
    await ask(server, 'SELECT number FROM numbers(100000)', 'wait_end_of_query=1');
    await ask(server, 'SELECT throwIf(number = 90000) FROM numbers(100000)', 'wait_end_of_query=1');
    const gone = new AbortController();
    const given = fetch(`${server.url}/?wait_end_of_query=1`, {
      method: 'POST',
      body: 'SELECT number FROM numbers(10000000000)',
      signal: gone.signal,
    });
    await waitFor(() => leftovers().length > 0, { timeoutMs: 20_000, what: 'the answer to grow' });
    gone.abort();
    await expect(given).rejects.toThrow('abort');
    await waitFor(() => leftovers().length === 0, { timeoutMs: 20_000, what: 'it to be removed' });
    await server.stop();
    expect(existsSync(home)).toBe(false);
  });

  it('stops the query of a reader that has left', async () => {
    const server = await start();
    const running =
      "SELECT count() FROM system.processes WHERE query LIKE '%1234567890%' AND query NOT LIKE '%processes%'";
    const gone = new AbortController();
    const given = fetch(server.url, {
      method: 'POST',
      body: 'SELECT sum(cityHash64(number)) FROM numbers(12345678900000)',
      signal: gone.signal,
    });
    given.catch(() => undefined);
    const count = async (): Promise<string> => ask(server, running);
    await waitFor(async () => (await count()) === '1\n', { timeoutMs: 20_000, what: 'the start' });
    gone.abort();
    await waitFor(async () => (await count()) === '0\n', { timeoutMs: 20_000, what: 'the stop' });
  });

  it('lets queries wait for their turn when all places are taken', async () => {
    const server = await start({ maxConcurrentQueries: 2 });
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        ask(server, `SELECT ${n} FROM numbers(1) WHERE sleep(0.05) = 0`),
      ),
    );
    expect(answers).toEqual(Array.from({ length: 10 }, (_, n) => `${n}\n`));
  });

  it('refuses what it cannot give: sessions, roles, block compression', async () => {
    const server = await start();
    expect(await ask(server, 'SELECT 1', 'session_id=x')).toContain('Code: 48.');
    expect(await ask(server, 'SELECT 1', 'compress=1')).toContain('Code: 48.');
    expect(await ask(server, 'SELECT 1', 'role=x')).toContain('Code: 511.');
    expect(await ask(server, 'SELECT 1', 'compress=0&session_timeout=60')).toBe('1\n');
  });

  it('holds a user to the grants of a users file', async () => {
    const dir = makeDir();
    const dataDir = join(dir, 'data');
    const owner = await start({ dataDir });
    for (const table of ['mine', 'theirs']) {
      await ask(owner, `CREATE TABLE ${table} (a UInt8) ENGINE = MergeTree ORDER BY a`);
      await ask(owner, `INSERT INTO ${table} VALUES (1)`);
    }
    await owner.stop();
    const users = join(dir, 'users.xml');
    writeFileSync(
      users,
      `<clickhouse><profiles><default/><tenant><readonly>1</readonly></tenant></profiles>
       <quotas><default/></quotas>
       <users><default><password/><networks><ip>::/0</ip></networks><profile>tenant</profile><quota>default</quota>
       <grants><query>GRANT SELECT ON default.mine</query></grants></default></users></clickhouse>`,
    );
    const usersConfig = join(dir, 'config.xml');
    writeFileSync(
      usersConfig,
      `<clickhouse><user_directories><users_xml><path>${users}</path></users_xml></user_directories></clickhouse>`,
    );
    const reader = await start({ dataDir, usersConfig });
    expect(await ask(reader, 'SELECT * FROM mine')).toBe('1\n');
    expect(await ask(reader, 'SELECT {x:String}, * FROM mine', 'param_x=y')).toBe('y\t1\n');
    expect(await ask(reader, 'SHOW TABLES')).toBe('mine\n');
    for (const sql of ['SELECT * FROM theirs', 'SELECT * FROM `/etc/hostname`']) {
      expect(await ask(reader, sql)).toMatch(/^Code: (497|60)\./);
    }
    for (const sql of ['INSERT INTO mine VALUES (2)', 'DROP TABLE mine']) {
      expect(await ask(reader, sql)).toMatch(/^Code: (497|164)\./);
    }
    expect(await ask(reader, 'SELECT 1', 'max_block_size=5')).toContain('Code: 164.');
  });
});
