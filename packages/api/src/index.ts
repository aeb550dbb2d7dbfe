import { ConfigError, getConfig } from './config';
import Server from './server';
import { createLogger } from './utils/logger';

async function main(): Promise<void> {
  const config = getConfig();
  const log = createLogger(config.logLevel);
  const server = new Server(config, log);
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // A second signal, from someone in a hurry, changes nothing: the first ends within its time limit.
      if (stopping) return;
      stopping = true;
      log.info({ signal }, 'stopping');
      server.stop().then(
        () => log.flush(),
        (error: unknown) => {
          log.fatal({ err: error }, 'stop failed');
          process.exitCode = 1;
        },
      );
    });
  }
  await server.start();
}

main().catch((error: unknown) => {
  const text =
    error instanceof ConfigError ? error.message : `hyperdx-tenancy cannot start: ${String(error)}`;
  process.stderr.write(`${text}\n`);
  process.exit(1);
});
