import { rmSync } from 'node:fs';
import { AccessControl } from './access/accessControl';
import { readChildConfig, type ReadyMessage } from './childConfig';
import { Engine } from './engine';
import { createFront } from './front';
import { Pipes } from './pipes';

/** A second stop signal, or queries that outlast this, end the process at once. */
const drainMs = 3_000;

async function about(engine: Engine): Promise<[string, string, string]> {
  const result = await engine.connect((connection) =>
    connection.query('SELECT version(), timezone(), displayName()', 'JSONCompactEachRow'),
  );
  return JSON.parse(result.text()) as [string, string, string];
}

/** The server process: ClickHouse's engine behind its HTTP interface, on 127.0.0.1, for as long as its parent lives. */
async function main(): Promise<void> {
  const config = readChildConfig();
  // The channel closes when the parent dies, however it dies.
  process.once('disconnect', () => {
    rmSync(config.abandonedDir, { recursive: true, force: true });
    process.exit(0);
  });
  const engine = Engine.open(config);
  const [version, timezone, displayName] = await about(engine);
  const credentials = { user: config.user, password: config.password };
  const { dataDir, tempDir } = config;
  const access = config.users
    ? await AccessControl.open({ engine, administrator: credentials, dataDir, tempDir })
    : undefined;
  const server = createFront({
    engine,
    pipes: new Pipes(config.tempDir, config.maxConcurrentQueries),
    tempDir,
    credentials,
    access,
    maxBodyBytes: config.maxBodyBytes,
    about: { version, timezone, displayName },
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.port, '127.0.0.1', resolve);
  });
  process.once('SIGTERM', () => {
    const leave = (): never => {
      engine.close();
      process.exit(0);
    };
    setTimeout(leave, drainMs).unref();
    server.close(leave);
    server.closeIdleConnections();
  });
  const message: ReadyMessage = { ready: { version } };
  process.send?.(message);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
